// The minimal implementation of the aggregator: only the contract's answer, with one call to a credit check.
const origin = process.env["CREDIT_CHECK_URL"] ?? "";

interface Check {
  type: string;
  blackListed: boolean;
  backgroundCheckPass: boolean;
}

async function customer(): Promise<Response> {
  const checked = await fetch(`${origin}/credit-check/report`);
  // Nothing is checked, because this is the upper bound.
  const { type, blackListed, backgroundCheckPass } = (await checked.json()) as Check;
  const body = {
    type,
    blackListed,
    restrictedNational: false,
    suspiciousActivity: false,
    interpolConductBad: false,
    militaryTrained: false,
    employmentBad: false,
    creditUsageBad: false,
    backgroundCheckPass,
  };
  const revision = checked.headers.get("x-kyc-revision") ?? "";
  return Response.json(body, { headers: { "content-type": "application/json", "x-kyc-revision": revision } });
}

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"]),
  routes: { "/kyc/v1/customer": { GET: customer } },
  fetch: () => new Response("nothing here", { status: 404 }),
});
