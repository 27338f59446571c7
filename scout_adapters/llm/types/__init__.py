"""Values shared below LangChain: a neutral request, a provider's card, the protocol of a wire."""

from scout_adapters.llm.types.authentication import Auth as Auth
from scout_adapters.llm.types.authentication import BearerAuth as BearerAuth
from scout_adapters.llm.types.authentication import HeaderAuth as HeaderAuth
from scout_adapters.llm.types.card import CHOICE as CHOICE
from scout_adapters.llm.types.card import PREVIOUS as PREVIOUS
from scout_adapters.llm.types.card import SEARCHES as SEARCHES
from scout_adapters.llm.types.card import WHOLE as WHOLE
from scout_adapters.llm.types.card import Dialect as Dialect
from scout_adapters.llm.types.card import ProviderSpec as ProviderSpec
from scout_adapters.llm.types.card import RateLimitHeaders as RateLimitHeaders
from scout_adapters.llm.types.card import SecondWire as SecondWire
from scout_adapters.llm.types.card import Wire as Wire
from scout_adapters.llm.types.chat import ChatRequest as ChatRequest
from scout_adapters.llm.types.chat import Role as Role
from scout_adapters.llm.types.chat import Turn as Turn
from scout_adapters.llm.types.credentials import AwsCredentials as AwsCredentials
from scout_adapters.llm.types.credentials import Credential as Credential
from scout_adapters.llm.types.credentials import Token as Token
from scout_adapters.llm.types.stream_reader import StreamReader as StreamReader
