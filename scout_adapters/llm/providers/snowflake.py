"""Models on Snowflake Cortex, documented at https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api.

Sources: address, tokens and fields, the page above; `SNOWFLAKE_JWT`, LiteLLM's `llms/snowflake`;
`SNOWFLAKE_CORTEX_PAT`,
https://github.com/anomalyco/models.dev/tree/dev/providers/snowflake-cortex; recorded answers.
Not established: headers of rate limits.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="snowflake",
    docs="https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api",
    wire=WIRE,
    base_url="https://{account}.snowflakecomputing.com/api/v2/cortex/v1",
    default_model="claude-haiku-4-5",
    key_variables=("SNOWFLAKE_PAT", "SNOWFLAKE_CORTEX_PAT", "SNOWFLAKE_TOKEN", "SNOWFLAKE_JWT"),
    placeholders={"account": ("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_ACCOUNT_ID")},
    rename={"max_tokens": "max_completion_tokens"},
    json_schema=None,  # depends on the model
    embeddings=False,
    quirks=(
        "Needs an account: set `SNOWFLAKE_ACCOUNT`, or pass `account=`.",
        "The key is a programmatic access token, a JWT or an OAuth token.",
    ),
)
