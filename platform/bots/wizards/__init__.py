"""People of the study team who write in an automated seat's place, where the study file lets them."""
