"""Endpoints that make one account of two."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.models import AccountMerge, User
from carpool.kernel import clock
from carpool.kernel.api import PROBLEMS
from carpool.kernel.strict import StrictSerializer


class MergeAskSerializer(StrictSerializer):
    """Which other account is one's own."""

    email = serializers.EmailField(help_text="A proven address of the other account")


class MergeProofSerializer(StrictSerializer):
    """What proves it."""

    code = serializers.CharField(max_length=20, help_text="From the mail to the other account")
    second_code = serializers.CharField(
        max_length=20,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of the other account's authenticator app, or a recovery code, if it has any",
    )


class MergeSerializer(serializers.ModelSerializer[AccountMerge]):
    """How far it is. Nothing tells whether there is an account of that address."""

    class Meta:
        model = AccountMerge
        fields = ("id", "asked_at", "expires_at", "done_at")
        read_only_fields = fields


class MergesView(APIView):
    """Asking for it."""

    permission_classes = [IsAuthenticated]  # also for who belongs to no organization yet

    @extend_schema(
        request=MergeAskSerializer,
        responses={202: MergeSerializer, **PROBLEMS},
        tags=["me"],
        summary="Join another account of yours with this one",
    )
    def post(self, request: Request) -> Response:
        """Mail a code to the other account, if there is one; the answer is the same if not."""
        assert isinstance(request.user, User)
        form = MergeAskSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        merge = services.ask_to_merge(
            user=request.user, email=form.validated_data["email"], now=clock.now()
        )
        return Response(MergeSerializer(merge).data, status=status.HTTP_202_ACCEPTED)


class MergeConfirmationView(APIView):
    """Proving it."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        request=MergeProofSerializer,
        responses={200: MergeSerializer, **PROBLEMS},
        tags=["me"],
        summary="Prove that the other account is yours",
    )
    def post(self, request: Request, merge_id: UUID) -> Response:
        """Make one of the two; sending it again changes nothing."""
        assert isinstance(request.user, User)
        form = MergeProofSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        merge = services.merge_accounts(
            user=request.user, merge_id=merge_id, now=clock.now(), **form.validated_data
        )
        return Response(MergeSerializer(merge).data)
