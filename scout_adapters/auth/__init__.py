"""How requests are authenticated: tokens, credentials, and the forms in which a key is sent.

from scout_adapters.auth import HeaderAuth
model = ScoutOpenAICompatibleChatModel(base_url="https://...", auth=HeaderAuth("api-key"))
"""

from scout_adapters.llm.types.authentication import Auth as Auth
from scout_adapters.llm.types.authentication import BearerAuth as BearerAuth
from scout_adapters.llm.types.authentication import HeaderAuth as HeaderAuth
from scout_adapters.llm.types.credentials import AwsCredentials as AwsCredentials
from scout_adapters.llm.types.credentials import Credential as Credential
from scout_adapters.llm.types.credentials import Token as Token

__all__ = ["Auth", "AwsCredentials", "BearerAuth", "Credential", "HeaderAuth", "Token"]
