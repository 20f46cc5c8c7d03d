import { expect, test } from "bun:test";
import { join } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import { readDocuments } from "../../manifests/read.ts";
import { PROJECT } from "../../project.ts";
import { readShadowFile } from "./shadow-file.ts";

const Policy = Type.Object({
  kind: Type.Literal("AuthorizationPolicy"),
  metadata: Type.Object({ name: Type.String(), namespace: Type.String() }),
  spec: Type.Object({ rules: Type.Array(Type.Object({ from: Type.Array(Type.Unknown()) })) }),
});
const NetworkPolicy = Type.Object({
  kind: Type.Literal("NetworkPolicy"),
  metadata: Type.Object({ name: Type.String() }),
  spec: Type.Object({
    ingress: Type.Array(Type.Object({ from: Type.Array(Type.Unknown()) })),
    egress: Type.Array(Type.Unknown()),
  }),
});

const AGGREGATOR = "cluster.local/ns/kyc/sa/kyc-aggregator";
const podsOf = (service: string) => ({
  podSelector: { matchLabels: { "serving.knative.dev/service": service } },
});

async function trust(): Promise<unknown[]> {
  const { documents, problems } = await readDocuments(PROJECT, [join("istio", "strict", "trust")]);
  expect(problems).toEqual([]);
  return documents.map(({ value }) => value);
}

test("the strict overlay lets the shadow service ask the credit check wherever the aggregator may", async () => {
  const { name, namespace } = await readShadowFile(PROJECT, "credit-check");
  const shadow = `cluster.local/ns/${namespace}/sa/${name}`;
  const policies = (await trust()).filter((value) => Check(Policy, value));
  const ofCreditCheck = policies.filter(({ metadata }) => metadata.name.endsWith("credit-check"));
  expect(ofCreditCheck.map(({ metadata }) => metadata.namespace).sort()).toEqual(["knative-serving", "kyc"]);
  const rules = ofCreditCheck.flatMap(({ spec }) => spec.rules.map(({ from }) => JSON.stringify(from)));
  const forCallers = rules.filter((text) => text.includes(AGGREGATOR));
  expect(forCallers).toHaveLength(4);
  for (const text of forCallers) expect(text).toContain(shadow);
});

test("the strict overlay lets copies, readers of the counts and answers through between pods", async () => {
  const { name } = await readShadowFile(PROJECT, "credit-check");
  const policies = new Map(
    (await trust()).flatMap((value) =>
      Check(NetworkPolicy, value) ? [[value.metadata.name, value.spec]] : [],
    ),
  );
  const [creditCheck, aggregator, shadow] = ["credit-check", "kyc-aggregator", name].map((each) =>
    policies.get(each),
  );
  expect(creditCheck?.ingress[0]?.from).toContainEqual(podsOf(name));
  expect(JSON.stringify(aggregator?.egress)).toContain(JSON.stringify(podsOf(name)));
  expect(shadow?.ingress[0]?.from).toContainEqual(podsOf("kyc-aggregator"));
  expect(JSON.stringify(shadow?.ingress)).toContain('"istio":"ingressgateway"');
  // It calls the same services as the aggregator, and its own requests are not mirrored.
  expect(JSON.stringify(shadow?.egress)).toContain(JSON.stringify(podsOf("credit-check")));
  expect(JSON.stringify(shadow?.egress)).not.toContain(JSON.stringify(podsOf(name)));
});
