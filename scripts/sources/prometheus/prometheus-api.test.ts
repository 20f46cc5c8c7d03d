import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type from "typebox";
import { Authority } from "../../cluster/kube/testing/certificates.ts";
import { METRIC_FAMILIES } from "./metric-families.ts";
import { connectionOf, queryPrometheus } from "./prometheus-api.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-prometheus-"));
});
afterAll(() => rm(folder, { recursive: true }));

const { signal } = new AbortController();
const ok = (): Response => Response.json({ status: "success", data: "x" });

async function asked(flags: Record<string, string>): Promise<string> {
  return queryPrometheus(await connectionOf(flags), "up", Type.String(), signal);
}

describe("a Prometheus is asked", () => {
  test("with a bearer token, which is read again for each query", async () => {
    const seen: (string | null)[] = [];
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        seen.push(request.headers.get("authorization"));
        return ok();
      },
    });
    const token = join(folder, "token");
    await writeFile(token, "one\n");
    const connection = await connectionOf({ prometheus: `${server.url}`, "prometheus-token-file": token });
    await queryPrometheus(connection, "up", Type.String(), signal);
    await writeFile(token, "two\n");
    await queryPrometheus(connection, "up", Type.String(), signal);
    expect(seen).toEqual(["Bearer one", "Bearer two"]);
  });

  test("with a user and a password, which its address does not show", async () => {
    let seen: string | null = null;
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        seen = request.headers.get("authorization");
        return ok();
      },
    });
    const prometheus = `http://ann:p%40ss@127.0.0.1:${server.port}/base/`;
    expect(await asked({ prometheus })).toBe("x");
    expect(String(seen)).toBe(`Basic ${btoa("ann:p@ss")}`);
    expect((await connectionOf({ prometheus })).base).toBe(`http://127.0.0.1:${server.port}/base`);
  });

  test("by TLS with a given authority, and not without it", async () => {
    const authority = new Authority("prometheus");
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: authority.server("127.0.0.1"),
      fetch: ok,
    });
    const ca = join(folder, "ca.pem");
    await writeFile(ca, authority.cert);
    const prometheus = `https://127.0.0.1:${server.port}`;
    expect(await asked({ prometheus, "prometheus-ca": ca })).toBe("x");
    expect(asked({ prometheus })).rejects.toThrow(`${prometheus} does not answer: `);
  });

  test.each<[Record<string, string>, string]>([
    [{}, "Which Prometheus?"],
    [{ prometheus: "localhost:9090" }, "an address is expected, such as http://HOST:9090"],
    [
      { prometheus: "http://ann:secret@example.com" },
      "http://example.com: credentials would go over the network",
    ],
    [{ prometheus: "https://ann:x@example.com", "prometheus-token-file": "/t" }, "give one of them"],
    [{ prometheus: "https://example.com", "prometheus-token-file": "/none" }, "/none cannot be read: ENOENT"],
    [{ prometheus: "https://example.com", "prometheus-ca": "/none" }, "/none cannot be read: ENOENT"],
  ])("and %j is refused", async (flags, message) => {
    const error: unknown = await connectionOf(flags).catch((error: unknown) => error);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain("secret");
  });

  test.each([
    [() => new Response("", { status: 401 }), "refuses (HTTP 401): give --prometheus-token-file"],
    [
      () => Response.json({ status: "error", error: "parse error" }, { status: 400 }),
      "refuses a query: parse error",
    ],
    [() => new Response("hello"), "does not answer as one does (HTTP 200)"],
    [() => Response.redirect("http://127.0.0.1:1/", 302), "does not answer as one does (HTTP 302)"],
  ])("and an unexpected answer is reported: %#", async (answer, message) => {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
    expect(asked({ prometheus: `${server.url}` })).rejects.toThrow(message);
  });
});

describe("a family of metrics", () => {
  const by = (name: string) => METRIC_FAMILIES.find((family) => family.name === name)?.of("echo", "shop");

  test("of the queue-proxy is that of the service's revisions, without requests for a tag", () => {
    const family = by("queue-proxy");
    expect(family?.selector).toBe(
      'revision_request_latencies_bucket{namespace_name="shop",service_name="echo",route_tag!~"[a-z].*"}',
    );
    expect(family?.format.meaningOf({ response_code: "503", revision_name: "echo-v2" })).toEqual({
      revision: "echo-v2",
      ok: false,
      excluded: undefined,
    });
  });

  test("of Istio counts the requests of callers to the service's revisions", () => {
    const family = by("istio");
    expect(family?.selector).toBe(
      'istio_request_duration_milliseconds_bucket{reporter="source",destination_service_namespace="shop",destination_service_name=~"echo-.+"}',
    );
    const meaning = (response_code: string) =>
      family?.format.meaningOf({ response_code, destination_service_name: "echo-v1" });
    expect(meaning("200")).toEqual({ revision: "echo-v1", ok: true, excluded: undefined });
    expect(meaning("404")).toEqual({ revision: "echo-v1", ok: true, kind: "rejected", excluded: undefined });
    expect(meaning("0")).toEqual({ revision: "echo-v1", ok: false, excluded: undefined });
  });
});
