"""Which candidate is tried in which order: routes, strategies, and `call_llm`."""

from scout_adapters.llm.router.functions import call_anthropic_async as call_anthropic_async
from scout_adapters.llm.router.functions import call_google_async as call_google_async
from scout_adapters.llm.router.functions import call_groq_async as call_groq_async
from scout_adapters.llm.router.functions import call_llm as call_llm
from scout_adapters.llm.router.functions import call_minimax_async as call_minimax_async
