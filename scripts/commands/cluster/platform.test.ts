import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finished, kycWith, PROGRAM } from "../testing/kyc-process.ts";

/**
 * The output and exit codes of `up`, `down` and `images` on a machine without a cluster. Their effects on a cluster are
 * tested in scripts/cluster.
 */
let bin = "";

beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), "kyc-commands-"));
});

afterAll(() => rm(bin, { recursive: true, force: true }));

async function standIn(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

const kyc = (...args: string[]): Promise<Finished> =>
  kycWith({ PATH: bin, NO_COLOR: "1", KUBECONFIG: join(bin, "none"), TMPDIR: tmpdir() }, args);

describe.each([["up"], ["down"], ["images"]])("%s", (command) => {
  test("has help with examples", async () => {
    const { code, out, err } = await kyc(command, "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Usage: kyc ${command}`);
    expect(out).toMatch(new RegExp(`Examples:\n(.*\n)*.*\\./kyc ${command}`));
  });

  test("names the nearest flag, and exits with 2", async () => {
    const { code, err } = await kyc(command, "--contxt", "x");
    expect(code).toBe(2);
    expect(err).toContain("Did you mean --context?");
  });

  test("reports a context that does not exist, without a stack, and writes no data", async () => {
    const { code, out, err } = await kyc(command, "--context", "nowhere");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("No cluster is configured");
    expect(err).not.toContain("    at ");
  });
});

describe("up", () => {
  test("without a cluster and without programs names all that is missing", async () => {
    const { code, err } = await kyc("up");
    expect(code).toBe(1);
    expect(err).toMatch(/minikube is missing.*\nistioctl is missing/);
  });

  test("shows in a dry run the planned steps, also as data", async () => {
    await standIn("minikube", 'echo \'{"invalid":[],"valid":[]}\'');
    await standIn("istioctl", "echo 'client version: 1.30.0'");
    const { code, out, err } = await kyc("up", "--dry-run", "-o", "json");
    expect(code).toBe(0);
    expect(err).toContain("● Kubernetes           to do: none is configured; minikube starts minikube");
    const steps = JSON.parse(out) as { name: string; state: string }[];
    expect(steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "cluster due",
      "istio unknown",
      "knative unknown",
      "networking unknown",
      "domain unknown",
      "sidecars unknown",
      "images unknown",
      "deploy unknown",
      "verify unknown",
    ]);
  });

  test("that is interrupted explains how to continue, and exits with 130", async () => {
    await standIn(
      "minikube",
      'case $1 in profile) echo "{}" ;; start) echo started; exec /bin/sleep 60 ;; esac',
    );
    const child = Bun.spawn([...PROGRAM, "up"], {
      env: { PATH: bin, NO_COLOR: "1", KUBECONFIG: join(bin, "none") },
      stdout: "ignore",
      stderr: "pipe",
    });
    let err = "";
    const reader = child.stderr.getReader();
    const decoder = new TextDecoder();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      err += decoder.decode(part.value);
      if (err.includes("creating minikube with minikube")) child.kill("SIGINT");
    }
    expect(await child.exited).toBe(130);
    expect(err).toContain("Interrupted. Run ./kyc up again to continue");
  });

  test.each([
    ["--timeout", "soon", "A time such as"],
    ["--cpus", "none", "A whole number"],
  ])("refuses %s %s", async (flag, value, message) => {
    const { code, err } = await kyc("up", flag, value);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe("down", () => {
  test("deletes the given minikube profile", async () => {
    await standIn("minikube", `echo "$*" >>${bin}/calls; echo '{"valid":[{"Name":"lab"}]}'`);
    const { code, err } = await kyc("down", "--cluster", "--profile", "lab");
    expect(code).toBe(0);
    expect(err).toContain("✓ minikube  the profile lab was deleted");
    expect(await Bun.file(`${bin}/calls`).text()).toContain("delete -p lab");
  });

  test("refuses to keep the platform of a cluster that it deletes", async () => {
    expect((await kyc("down", "--cluster", "--keep-platform")).code).toBe(2);
  });
});

describe("images", () => {
  test("are built if there is no cluster; names go to standard output, the rest to standard error", async () => {
    await standIn("docker", "echo STEP");
    const plain = await kyc("images");
    expect(plain.code).toBe(0);
    expect(plain.out).toMatch(
      /^credit-check dev\.local\/kyc\/credit-check:[0-9a-f]{16}\nkyc-aggregator dev\.local\/kyc\/kyc-aggregator:[0-9a-f]{16}\nkyc-shadow dev\.local\/kyc\/kyc-shadow:[0-9a-f]{16}\n$/,
    );
    expect(plain.err).toContain("credit-check: building with docker\n");
    expect(plain.err).not.toContain("STEP");
    const json = await kyc("images", "-o", "json");
    expect(JSON.parse(json.out)).toEqual(
      plain.out
        .trim()
        .split("\n")
        .map((line) => {
          const [name, image] = line.split(" ");
          return { name, image };
        }),
    );
  });

  test("that cannot be built end with the builder's output", async () => {
    await standIn("docker", 'case $1 in info) exit 0 ;; esac\necho "no space left" >&2\nexit 1');
    const { code, out, err } = await kyc("images", "--builder", "docker");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/docker build .* failed \(exit code 1\):\nno space left\n$/);
  });
});
