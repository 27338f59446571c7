"""Patterns of messages of two kinds that every server words in its own way.

A prompt that does not fit into the window, and a request that one model or provider cannot do.
Sources: the sources of vLLM, SGLang, llama.cpp, Ollama, LM Studio and LiteLLM, user reports, and
recorded traffic.
"""

from __future__ import annotations

_FAULT = r"errors?|failed|failure|found|internal|invalid|reached|rejected|denied|encountered"
"""Words with which a server states another fault: what follows them may be a repeated request."""


def _plain(fault: str) -> str:
    """Return a pattern for the server's own words up to a colon, without the words in `fault`.

    After a colon a server may repeat the request.
    """
    return rf"(?:(?!\b(?:{fault})\b)(?:[^:;\n]|:(?!\s))){{0,160}}?"


_PLAIN = _plain(_FAULT)
_VALUE = r"(?<=['\"`])required(?=['\"`])"  # of `tool_choice`
_SUBJECT = _plain(rf"{_FAULT}|must|should|(?!{_VALUE})required|expected|exceeded|busy|please")

_RATE = r" (?:(?!tokens?\b)[\w-]{1,20} ){0,2}(?:rate|requests|usage|quota)\b"
"""Follows the first word of a message about a rate limit."""

_BYTES = r"[\d.,]{1,12} ?(?:[kmg]i?b|bytes?)\b"
_OF_BYTES = rf"\W{{0,3}}(?:(?:of|is|allowed)\W{{1,3}}){{0,2}}{_BYTES}"
"""Follows a limit of the request's size in bytes."""

LONG_PROMPT = (
    r"(?:This|the) (?:model|endpoint)'s maximum (?:context|prompt) length is"
    r"|litellm\.ContextWindowExceededError"
    r"|(?:the )?(?:decoder )?(?:prompt|input) (?:\([^)]{1,60}\) )?(?:is )?"
    r"(?:too long|longer than the (?:model's context|maximum model) length)"
)
"""An overflow also under a 403, under which limits of an account have similar words."""

OVERFLOW = (
    rf"{LONG_PROMPT}"
    r"|input length and `?max_tokens`? exceed context limit"
    r"|(?:the |your |this |model )?(?:combined |engine |input )?"
    r"(?:input|prompt|request|requested|total|number of|messages?|context|length of messages)\b"
    rf"(?!{_RATE}){_PLAIN}\b(?:exceeds?|exceeded|exceed|(?:greater|longer|larger) than)\b{_PLAIN}"
    r"(?:context (?:length|window|size|limit)|model (?:token )?limit|max_model_len"
    r"|(?:max(?:imum)?|allowed) "
    r"(?:prompt |input |sequence |model |token |number of |allowed token )*"
    rf"(?:length|tokens?|size(?!{_OF_BYTES}))"
    rf"|limit of (?!{_BYTES})\d|(?<=cannot exceed )\d)"
    r"|Context size has been exceeded|(?:the |model |maximum |exceeded max(?:imum)? )*"
    r"context (?:length|window|size|limit)\b(?: of \d{1,9} tokens)? ?"
    r"(?:is )?(?:exceed|reached|$|is \d{1,9} tokens, you)"
    r"|exceeded max(?:imum)? context (?:length|window)|context_(?:length|window)_exceeded"
    r"|(?:the |your )?(?:conversation|chat history|message you submitted|input token length) "
    r"(?:is |was )?too long|the prompt has too many tokens"
    r"|(?:the )?max(?:imum)? input (?:tokens?|length) (?:is \d|exceeded)"
    r"|Total tokens of image and text exceed"
    r"|Input tokens exceed the configured limit"
    r"|Trying to keep the first \d+ tokens when context"
    r"|Range of input length should be"
    r"|Prompt has \d+ tokens, but the configured context size"
    r"|Unable to submit request because the input token count"
    r"|Input validation error: `inputs`|Prompt contains \d+ tokens"
    r"|Input token count \+ max_tokens|Please reduce the length of the (?:messages|prompt)"
    r"|(?:'max_tokens' or )?'?max_(?:completion_)?tokens'? is too large: \d+\. "
    r"This model's maximum context"
    r"|You passed \d+ input tokens|Too many (?:input )?tokens\b(?!: max tokens must)"
    r"|The total length of all messages is too long"
)

CACHED_OBJECT = (
    r"CachedContent\b|Not found: cached content|Cached content \S{1,200} not found"
    r"|No such File object|File not found\b|File \S{1,100} not found"
    r"|(?:Container|Vector store|Conversation|Prompt)(?:"
    r"(?: with id)? ['\"`]?(?!was )[\w.-]{1,100}['\"`]? (?:was )?not found"
    r"| not found: ['\"`]?[\w.-]{1,100})"
)
"""The request refers to an object that this account does not have; key and model are valid."""

OUTPUT_LIMIT = (
    r"max_tokens is too large: \d+\. This model supports at most"
    r"|max_tokens: \d+ > \d+, which is the maximum allowed"
    r"|`?max_(?:completion_)?tokens`? must be less than or equal to"
    r"|Invalid max_tokens value, the valid range"
    r"|Range of max_tokens should be|too many tokens: max tokens must be less than"
    r"|The maximum tokens you requested exceeds the model limit of"
    r"|Unable to submit request because it has a maxOutputTokens value"
)

_CANNOT = (
    r"(?:(?:does|do|did)(?: not|n.t)|cannot|can ?not) (?:currently |yet )?(?:support|accept)\b"
    r"|\b(?:(?:is|are|was|were) )?(?:currently )?not (?:yet |currently )?support(?:ed)?\b"
    r"|\bunsupported\b"
    r"|\bonly (?:supports?|accepts?|available|supported|works?)\b"
    r"|\b(?:supported|enabled|available|allowed) only\b|\bsupports? at most \d"
    r"|\b(?:cannot|can ?not|can.t) be (?:disabled|combined with|provided in the same"
    r"|used (?:together for this|with chat/))"
    r"|\b(?:is not|isn.t) able to (?:process|handle|read|use)\b"
    r"(?![^.:;\n]{0,60}\b(?:right now|at (?:this|the) (?:time|moment))\b)"
    r"|\b(?:is|are) (?:therefore )?"
    r"(?:deprecated|not (?:enabled|available|allowed|permitted|implemented|valid|accessible))"
    r" (?:for|on|with|by|via) (?:this|the|your|models?/)"
    r"|\bmay not be enabled when|\bcannot (?:both )?be (?:specified|used) (?:for|with) (?:this|the)"
    r"|\b(?:is|are) (?:in|not )compatible with\b"
    r"|\bis not a (?:multimodal|vision|chat|reasoning|tool)\b"
    r"|\btype is unavailable now|\bis missing data required for\b"
    r"|(?<!\w)/?v1/(?:responses|completions)\b"
)

_FEATURE = (
    r"(?:image|audio|video|vision|file|document|pdf|multi-?modal|tool|function|stream|grammar"
    r"|json|schema|logit|logprob|thinking|reasoning|embedding|parallel|response_format)"
)
UNSUPPORTED_BY_SERVER = (
    r"tools param requires --jinja"
    r"|Failed to create new sequence: failed to process inputs: this model is missing"
    rf"|(?:(?:this|the) (?:model|server|endpoint) |`?{_FEATURE}[\w`-]*(?: [\w`-]+){{0,2}}? )"
    rf"(?:{_CANNOT})"
    rf"|Unsupported (?:param|value|{_FEATURE}|content)"
)
"""The same under a status of the server's, as llama.cpp and Ollama send it: the message begins with
the feature or the model. Words of any other kind may precede a repeated request."""

UNSUPPORTED_FOR_KEY = r"You have insufficient permissions for this operation"
"""The same under a 401: the key is valid, and has no right to this operation."""

UNSUPPORTED = (
    r"Unsupported\b|Un(?:recognized|known) request argument|Unknown parameter\b"
    r"|litellm\.UnsupportedParamsError|No endpoints found that |No allowed providers are available"
    rf"|Your organization must be verified to |{UNSUPPORTED_FOR_KEY}"
    r"|(?:[^\s:]{1,80}: )?Extra inputs are not permitted"
    r"|Invalid JSON payload received\. Unknown name "
    r"|Failed to deserialize the JSON body into the target type: \S{1,80}: unknown variant "
    r"|(?:Tool|Function) (?:calling|use) with a response mime type"
    r"|Failed to create new sequence: failed to process inputs: this model is missing"
    r"|messages\[\d+\]\.content must be a string|tools\[\d+\]\.type must be one of"
    r"|body\.tools\.\S{1,80}: Input should be 'function'"
    r"|tools\.\d{1,4}: Input tag '[^']{1,80}' found using 'type' does not match"
    r"|Missing required parameter: 'tools\[\d{1,4}\]\.type'"
    r"|Invalid value: '[^']{1,80}'\. Supported values are: "
    r"(?:'function' and 'custom'|[^.]{0,400}'mcp')"
    r"|Invalid '[^']{1,80}'\. Content blocks are expected to be "
    r"|(?:Schema is too complex|Schemas contains too many|Too many strict tools)\b"
    r"|(?:[^\s:]{1,80}: )?For '\w{1,20}' type, "
    r"|tools param requires --jinja"
    r"|(?:\"auto\" tool choice|tool_choice=[\"']?\w{1,20}[\"']?) requires --"
    r"|`?tool_choice`? ['\"`]\w{1,20}['\"`] is incompatible with"
    r"|Unknown name \"[^\"]{1,80}\" at '|Invalid value: 'developer'\. Supported values are"
    r"|Invalid schema for (?:response_format|function) '[^']{1,100}': In context=\([^)]{0,200}\), "
    r"'\w{1,40}' is (?:not (?:permitted|supported)|required to be supplied)"
    r"|Malformed input request: extraneous key|parameter\.enable_thinking must be"
    r"|Only user and assistant roles are supported|[\w ,]{0,40}Conversation roles must alternate"
    r"|'messages\.\d+' : for 'role:\w+' the following must be satisfied"
    r"\[\('messages\.\d+(?:\.content)?' : "
    r"(?:property '[^']{1,80}' is unsupported|value must be a string)"
    r"|`?(?:tool_choice|reasoning_effort|verbosity|service_tier)`? must (?:either )?be "
    r"(?:one of|a named)|Currently only named tools are supported"
    r"|(?:The thinking budget|Budget) \(?\d+\)? is invalid"
    r"|At most \d+ (?:image|audio|video|file)|Unknown part type\b|Live search is deprecated"
    rf"|{OUTPUT_LIMIT}|{CACHED_OBJECT}"
    rf"|(?:[^\s:]{{1,80}} ?: )?(?:Invalid content type\. )?{_SUBJECT}(?:{_CANNOT})"
)

_MEDIA_PART = r"(?:files?|data|url|input|format|bytes|content|type)\b"

CALLER_FAULT = (
    r"Cannot use (?:both json_schema and grammar|custom grammar)"
    r"|Failed to parse (?:grammar|messages)|JSON schema conversion failed|error parsing grammar"
    r"|Expected '[^']{1,40}' to be|Missing '[^']{1,40}' in|'messages' is required"
    r"|All non-assistant messages must contain|Only one completion choice is allowed"
    r"|response_format type must be one of|Invalid tool_choice\b|Invalid type for \""
    r"|Cannot have 2 or more assistant messages|Assistant response prefill is incompatible"
    r"|Missing required key: ['\"`]?"
    r"(?:messages|prompt|input|content|role|type|text|url|image_url|function|name|parameters)\b"
    r"|Either \"json_schema\" or \"grammar\" can be"
    r"|Grammar error: (?!.{0,80}\b(?:engine|not ready|unavailable|memory|time(?:d )?out)\b)"
    r"|invalid (?:base64|JSON schema)\b"
    rf"|invalid (?:image|audio|video)\b(?: {_MEDIA_PART}|(?! (?!in\b|at\b)\w))"
    r"|(?:failed|unable) to (?:decode|identify) (?:the )?(?:base64|image|audio|video)\b"
    r"(?! (?:encoder|decoder|model|processor|library))"
    rf"|(?:failed|unable) to load (?:the )?(?:image or )?(?:image|audio|video) {_MEDIA_PART}"
    r"|cannot identify image file"
    r"|(?:Failed to create new sequence: )?(?:failed to process inputs: )?image: unknown format"
    r"|illegal base64 data|json: cannot unmarshal|invalid (?:character '|message content type)"
    r"|(?:HTTP |status code:? )?4(?:00|22) (?:Bad Request|Unprocessable)|Error code: 4(?:00|22)\b"
)
"""A fault of the request under a status of the server's: llama.cpp, Ollama and gateways."""

RETIRED = (
    r"(?:(?:the |this )?(?:requested )?model(?: [`'\"]?[^\s`'\"]{1,200}[`'\"]?)?|models/\S{1,200})"
    r" (?:(?:has been|was|is) (?:now )?(?:deprecated|decommissioned|retired|discontinued|sunset)\b"
    r"|has reached (?:its|the) end of (?:its )?life|is no longer (?:available|accessible)\b)"
    r"|The model associated with the deployment is deprecated and no longer available"
    r"|Sonar is now the Agent API"
)
"""A model has ended: OpenAI, Groq, xAI, Azure, NVIDIA, Gemini, Perplexity; from user reports."""
