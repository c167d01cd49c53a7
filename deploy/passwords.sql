-- Passwords from psql's own environment: on no command line, and in no log of the server.
-- Run by the service `roles` of compose.yaml, after roles.sql.
\getenv owner_password RAPPORT_OWNER_PASSWORD
\getenv app_password RAPPORT_APP_PASSWORD
\getenv bots_password RAPPORT_BOTS_PASSWORD
\getenv read_password RAPPORT_READ_PASSWORD
SET password_encryption = 'scram-sha-256';
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
ALTER ROLE rapport_owner PASSWORD :'owner_password';
ALTER ROLE rapport_app PASSWORD :'app_password';
ALTER ROLE rapport_bots PASSWORD :'bots_password';
ALTER ROLE rapport_read PASSWORD :'read_password';
