import { expect, test } from "bun:test";
import { sampleToRun } from "../../../test/sample.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Served } from "../relay/relay-options.ts";
import { MeshMetrics } from "./mesh-metrics.ts";
import { Observer } from "./observer.ts";

const BASIC = "kyc/credit-check-basic";
const SERVED: Served = {
  listener: "mesh",
  method: "GET",
  target: "/",
  revision: BASIC,
  status: 200,
  ms: 4,
  complete: true,
  brokenBy: undefined,
  cold: false,
  requestId: "id",
  header: () => undefined,
  hops: [],
};

test("the mesh's metrics hold requests, planned and observed shares, states and faults, all labelled", async () => {
  await using sample = await sampleToRun();
  const loaded = await loadConfiguration(sample.root);
  const observer = new Observer(Date.now);
  observer.applied(loaded);
  const metrics = new MeshMetrics();
  const rule = observer.splits.find(({ service, split }) => service.name === "credit-check" && split.deciding)
    ?.split.rules[0];
  if (rule === undefined) throw new Error("no split of the credit check");
  const hop = { rule, destination: undefined, response: [], before: undefined, delayMs: 0, mirrored: [] };
  for (const served of [
    { ...SERVED, hops: [hop] },
    SERVED,
    { ...SERVED, revision: undefined, status: 404 },
  ]) {
    observer.served(served);
    metrics.served(served, served.revision === undefined ? undefined : observer.serviceOf(served.revision));
  }
  const text = metrics.text({
    loaded,
    observer,
    revisions: new Map([[BASIC, { state: "ready" }]]),
    faults: { faults: [], yaml: "" },
  });
  const own = 'namespace="kyc",service="credit-check",revision="credit-check-basic"';
  expect(text.split("\n")).toEqual(
    expect.arrayContaining([
      "# TYPE kyc_mesh_request_duration_seconds histogram",
      `kyc_mesh_request_duration_seconds_bucket{le="0.0025",listener="mesh",${own},status="200"} 0`,
      `kyc_mesh_request_duration_seconds_bucket{le="0.005",listener="mesh",${own},status="200"} 2`,
      `kyc_mesh_request_duration_seconds_count{listener="mesh",${own},status="200"} 2`,
      'kyc_mesh_request_duration_seconds_count{listener="mesh",namespace="",service="",revision="",status="404"} 1',
      `kyc_split_percent{${own},tag="basic"} 50`,
      `kyc_split_requests_total{${own}} 1`,
      `kyc_mesh_revision_state{${own},state="ready"} 1`,
      "kyc_mesh_configurations_total 1",
      "kyc_mesh_edit_rejected 0",
      "kyc_mesh_faults 0",
    ]),
  );
});
