"""What tokens cost: the user's `PRICING` first, then the catalogue of genai-prices."""

from scout_adapters.llm.pricing.price_list import PRICING as PRICING
from scout_adapters.llm.pricing.price_list import Cost as Cost
from scout_adapters.llm.pricing.price_list import cost_of as cost_of
from scout_adapters.llm.pricing.price_list import estimate_cost_usd as estimate_cost_usd
