import { expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDev } from "../testing/kyc-process.ts";

const SERVICE = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: prices, namespace: shop}
spec:
  template:
    metadata: {name: prices-v1}
    spec:
      containers: [{image: "registry.example/shop/prices:1", env: [{name: GREETING, value: hello}]}]
`;

/** A substitute for Podman: records its arguments, and serves the responses of an image. */
const PODMAN = `#!/bin/sh
[ "$1" = version ] && exit 0
echo "$@" > "$(dirname "$0")/arguments"
exec "${process.execPath}" -e 'Bun.serve({ hostname: process.env.HOST, port: process.env.PORT, fetch: () => new Response(process.env.GREETING + " from " + process.env.K_REVISION) })'
`;
const NO_DOCKER = "#!/bin/sh\necho Cannot connect to the Docker daemon >&2\nexit 1\n";

test("dev runs an image by Podman if dev.yaml and functions/ have no program for it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kyc-container-"));
  try {
    await mkdir(join(folder, "knative"));
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "knative", "prices.yaml"), SERVICE);
    for (const [name, text] of Object.entries({ podman: PODMAN, docker: NO_DOCKER })) {
      await writeFile(join(folder, "bin", name), text);
      await chmod(join(folder, "bin", name), 0o755);
    }
    const path = `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`;
    await using dev = await startDev(["--dir", folder], undefined, { PATH: path });
    const { port } = new URL(dev.ingress);
    const answer = await fetch(dev.ingress, { headers: { host: `prices.shop.localhost:${port}` } });
    expect(await answer.text()).toBe("hello from prices-v1");
    const given = (await readFile(join(folder, "bin", "arguments"), "utf8")).trim();
    expect(given).toStartWith("run --rm --init --network host --env HOST --env PORT ");
    expect(given).toEndWith("--env GREETING registry.example/shop/prices:1");
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
