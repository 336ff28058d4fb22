"""One structured logger for all functions. Ids only: no name, address, token or body is ever logged."""

from aws_lambda_powertools import Logger

logger = Logger(location=None, use_rfc3339=True)
