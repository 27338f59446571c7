"""Models on Databricks Model Serving, documented at https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models.

Sources: fields,
https://docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference;
variables, the source of databricks-sdk; recorded answers.
Not established: headers of rate limits, bodies of errors.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="databricks",
    docs="https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models",
    wire=WIRE,
    base_url="{host}/serving-endpoints",
    default_model="databricks-gpt-oss-120b",
    version="",
    variables=("DATABRICKS",),
    key_variables=("DATABRICKS_TOKEN",),
    placeholders={"host": ("DATABRICKS_HOST",)},
    models=("databricks-",),
    body_fields=frozenset({"thinking", "top_k"}),
    drop=frozenset({"parallel_tool_calls"}),
    json_schema=None,  # depends on the model
    quirks=(
        "Needs a workspace: set `DATABRICKS_HOST`, or pass `host=`.",
        "The model is a serving endpoint; limits count `max_tokens` when a request arrives.",
    ),
)
