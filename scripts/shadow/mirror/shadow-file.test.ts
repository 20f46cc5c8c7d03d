import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { PROJECT } from "../../project.ts";
import { UserError } from "../../cluster/user-error.ts";
import { readShadowFile } from "./shadow-file.ts";

const RUN = { id: "abc123", percent: 10, env: { SHADOW_CONTROL: "http://a", SHADOW_IGNORE: "x=y" } };

async function withFile(text: string | undefined, use: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "kyc-shadow-file-"));
  try {
    await mkdir(join(root, "shadow"));
    if (text !== undefined) await writeFile(join(root, "shadow/check.yaml"), text);
    await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

describe("the file of a shadow service", () => {
  test("gets the name of the run's revision, its tag and its environment, and keeps the rest", async () => {
    const file = await readShadowFile(PROJECT, "credit-check");
    const documents = parseAllDocuments(file.textFor(RUN)).map((document): unknown => document.toJS());
    expect(documents).toHaveLength(2);
    const [account, service] = documents;
    expect(JSON.stringify(service).match(/SHADOW_IGNORE/g)).toHaveLength(1);
    expect(account).toMatchObject({ kind: "ServiceAccount", metadata: { name: "kyc-shadow" } });
    expect(service).toMatchObject({
      spec: {
        traffic: [{ revisionName: "kyc-shadow-abc123", tag: "run", percent: 100 }],
        template: {
          metadata: { name: "kyc-shadow-abc123", annotations: { "autoscaling.knative.dev/max-scale": "1" } },
          spec: {
            containers: [
              {
                env: expect.arrayContaining([
                  { name: "SHADOW_CONTROL", value: "http://a" },
                  { name: "SHADOW_IGNORE", value: "x=y" },
                  { name: "SHADOW_ID", value: "applicantId" },
                ]),
              },
            ],
          },
        },
      },
    });
  });

  test("gets the image of a cluster", async () => {
    const [, service] = (await readShadowFile(PROJECT, "credit-check")).objectsFor(
      RUN,
      "registry/kyc-shadow:1",
    );
    expect(JSON.stringify(service)).toContain('"image":"registry/kyc-shadow:1"');
  });

  test.each([
    [undefined, "There is no shadow/check.yaml"],
    ["kind: Deployment", "holds no Knative Service"],
    ["a: [", "shadow/check.yaml:"],
  ])("that is %p is refused", async (text, message) => {
    await withFile(text, async (root) => {
      const reading = readShadowFile(root, "check");
      expect(reading).rejects.toThrow(UserError);
      expect(reading).rejects.toThrow(message);
    });
  });
});
