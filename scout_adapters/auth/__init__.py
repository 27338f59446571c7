"""How requests are authenticated: sources of keys, and the forms in which a key is sent.

    from scout_adapters.auth import azure_token
    model = ScoutAzureOpenAIChatModel(model="my-deployment", api_key=azure_token())

The clouds' official packages are imported on first use; each comes with an extra.
"""

from scout_adapters.llm.auth.aws_keys import aws_credentials
from scout_adapters.llm.auth.aws_signer import AwsAuth
from scout_adapters.llm.auth.azure_tokens import azure_token
from scout_adapters.llm.auth.google_tokens import google_token
from scout_adapters.llm.types.authentication import Auth, BearerAuth, HeaderAuth
from scout_adapters.llm.types.credentials import AwsCredentials, Credential, Token

__all__ = [
    "Auth",
    "AwsAuth",
    "AwsCredentials",
    "BearerAuth",
    "Credential",
    "HeaderAuth",
    "Token",
    "aws_credentials",
    "azure_token",
    "google_token",
]
