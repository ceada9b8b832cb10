"""What the gateway before the endpoints does with a request, in API Management's own language.

https://learn.microsoft.com/azure/api-management/api-management-policies
"""

from xml.sax.saxutils import quoteattr

# Endpoints take tokens for this audience, in every region the same.
_AUDIENCES = ("https://ml.azure.com", "https://ml.azure.com/")
# As long as an endpoint may take: https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas
_TIMEOUT_SECONDS = 180
# Front Door forgets a failure after four probes of thirty seconds; so does the gateway.
_SICK_SECONDS = 120
_ANSWER_SECONDS = 5
# What the service says when an endpoint is out of order. A model's own failure is 424, too many
# requests are 429: another region would not make those better.
# https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
_OUT_OF_ORDER = "new [] { 502, 503, 504 }.Contains(context.Response.StatusCode)"


def whole_gateway() -> str:
    """Refuse whoever does not come by a private endpoint: the public address serves nobody."""
    public = quoteattr("@(context.Request.PrivateEndpointConnection == null)")
    return f"""<policies>
  <inbound>
    <choose>
      <when condition={public}>
        <return-response><set-status code="403" reason="Forbidden" /></return-response>
      </when>
    </choose>
  </inbound>
  <backend><forward-request timeout="{_TIMEOUT_SECONDS}" /></backend>
  <outbound />
  <on-error />
</policies>"""


def score(task: str, tenant_id: str) -> str:
    """Pass a caller's own token on, and remember that the endpoint was out of order.

    The endpoint asks whether the caller may score; the gateway has no right of its own to.
    """
    audiences = "".join(f"<audience>{audience}</audience>" for audience in _AUDIENCES)
    failed = quoteattr(f"@({_OUT_OF_ORDER})")
    unreachable = quoteattr('@(context.LastError.Source == "forward-request")')
    remember = f'<cache-store-value key="{_mark(task)}" value="sick" duration="{_SICK_SECONDS}" />'
    return f"""<policies>
  <inbound>
    <base />
    <validate-azure-ad-token tenant-id="{tenant_id}" header-name="Authorization">
      <audiences>{audiences}</audiences>
    </validate-azure-ad-token>
  </inbound>
  <backend><base /></backend>
  <outbound>
    <base />
    <choose><when condition={failed}>{remember}</when></choose>
  </outbound>
  <on-error>
    <base />
    <choose><when condition={unreachable}>{remember}</when></choose>
  </on-error>
</policies>"""


def health(task: str, base_url: str) -> str:
    """Say whether the endpoint can be reached and has not been out of order lately.

    The gateway may not score, so that the endpoint's own refusal counts as an answer.
    """
    sick = quoteattr('@(context.Variables.ContainsKey("sick"))')
    # No answer at all is a null, and null is not less than anything.
    answered = quoteattr('@(((IResponse)context.Variables["answer"])?.StatusCode < 500)')
    bad = '<return-response><set-status code="503" reason="Out of order" /></return-response>'
    good = '<return-response><set-status code="200" reason="OK" /></return-response>'
    ask = (
        f'<send-request mode="new" response-variable-name="answer" timeout="{_ANSWER_SECONDS}" '
        f'ignore-error="true"><set-url>{base_url}/</set-url><set-method>GET</set-method>'
        "</send-request>"
    )
    return f"""<policies>
  <inbound>
    <base />
    <cache-lookup-value key="{_mark(task)}" variable-name="sick" />
    <choose><when condition={sick}>{bad}</when></choose>
    {ask}
    <choose><when condition={answered}>{good}</when><otherwise>{bad}</otherwise></choose>
  </inbound>
  <backend><base /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>"""


def _mark(task: str) -> str:
    return f"sick-{task}"
