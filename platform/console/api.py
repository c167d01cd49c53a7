"""The read-only API: my studies, and the board of one of them. Session authentication; throttled."""

from typing import Any

from redis.exceptions import RedisError
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from console.board import board_of
from console.desk import desk_of, role_in
from console.roles import Capability
from events.access import researcher_only
from studies.masking.standing import state_of
from studies.models import Study


class PerResearcher(UserRateThrottle):
    """So many requests per account. Without Redis nothing is counted: a board that goes dark helps nobody."""

    rate = "120/min"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this request may be answered."""
        try:
            return bool(super().allow_request(request, view))
        except RedisError:
            return True


class ReadOnly(APIView):
    """What both resources share."""

    permission_classes = [IsAdminUser]
    throttle_classes = [PerResearcher]
    http_method_names = ["get", "head"]


@researcher_only
class Studies(ReadOnly):
    """The studies in which one has a role."""

    def get(self, request: Request) -> Response:
        """List them by slug."""
        found = Study.objects.for_user(request.user).order_by("slug")
        return Response({"studies": [_study(study, request) for study in found]})


@researcher_only
class Board(ReadOnly):
    """Who is where in a study."""

    capability = Capability.WATCH

    def get(self, request: Request, slug: str) -> Response:
        """The board now."""
        desk = desk_of(request._request, slug, self.capability)
        return Response(board_of(desk.study, is_masked=desk.is_masked).as_json())


def _study(study: Study, request: Request) -> dict[str, Any]:
    newest = study.versions.order_by("-number").first()
    return {
        "slug": study.slug,
        "title": study.title,
        "status": study.status,
        "is_demo": study.is_demo,
        "is_simulated": study.is_simulated,
        "masking": state_of(study),
        "version": newest.number if newest else None,
        "role": role_in(study, request.user.pk),
    }
