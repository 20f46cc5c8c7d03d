// The contract's answer of the aggregator by one call to a credit check, and nothing beside it.
const origin = process.env["CREDIT_CHECK_URL"] ?? "";

interface Check {
  type: string;
  blackListed: boolean;
  backgroundCheckPass: boolean;
}

async function customer(): Promise<Response> {
  const checked = await fetch(`${origin}/credit-check/report`);
  // The measure of what is possible: nothing is checked here.
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
