"""Step Functions, as far as this context needs it."""

from botocore.exceptions import ClientError

from oms.aws import clients
from oms.aws.errors import code_of, translated
from oms.fulfillment.model import ExceptionTask


class ResolveException:
    """Starts executions of one state machine."""

    def __init__(self, arn: str) -> None:
        self.arn = arn

    def start(self, name: str, document: ExceptionTask) -> None:
        """Start an execution of this name unless there was one already.

        Raises:
            TransientError: Step Functions is not ready.
        """
        with translated():
            try:
                clients.stepfunctions().start_execution(
                    stateMachineArn=self.arn, name=name, input=document.model_dump_json(exclude_none=True)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
