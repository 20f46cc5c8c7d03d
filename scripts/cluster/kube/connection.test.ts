import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { Kube } from "./client.ts";
import { Unreachable } from "./connection.ts";
import { NoCluster } from "../kubeconfig/kubeconfig.ts";
import { Authority } from "./testing/certificates.ts";
import { ConnectProxy } from "./testing/connect-proxy.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { base64, connectTo } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

describe("a server", () => {
  test("with a certificate of the kubeconfig's own authority is trusted", async () => {
    using server = await answering();
    const response = await connectTo(server).send("/version");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ gitVersion: "v1.34.0" });
  });

  test("of another authority is refused, and nothing is sent to it", async () => {
    using server = await answering();
    const other = base64(new Authority("other").cert);
    const error = await rejection(
      connectTo(server, { cluster: { "certificate-authority-data": other } }).send("/version"),
    );
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.message).toStartWith(
      `The API server of test (${server.url}) is not trusted by the kubeconfig: `,
    );
    expect(server.requests).toBeEmpty();
  });

  test("is refused even if the environment disables the check", async () => {
    using server = await answering();
    const changes = { cluster: { "certificate-authority-data": base64(new Authority("other").cert) } };
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect(await rejection(connectTo(server, changes).send("/version"))).toBeInstanceOf(Unreachable);
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });

  test("is refused once more after a context that skips the check has been there", async () => {
    using server = await answering();
    const unknown = { "certificate-authority-data": undefined };
    const skipping = connectTo(server, { cluster: { ...unknown, "insecure-skip-tls-verify": true } });
    expect((await skipping.send("/version")).status).toBe(200);
    expect(await rejection(connectTo(server, { cluster: unknown }).send("/version"))).toBeInstanceOf(
      Unreachable,
    );
  });

  test("whose certificate is for another name is refused", async () => {
    using server = await answering({ hosts: ["api.example.test"] });
    const error = await rejection(connectTo(server).send("/version"));
    expect(error.message).toEndWith("is not trusted by the kubeconfig: its certificate is for another name.");
  });

  test("may have the name that tls-server-name says", async () => {
    using server = await answering({ hosts: ["api.example.test"] });
    const connection = connectTo(server, { cluster: { "tls-server-name": "api.example.test" } });
    expect((await connection.send("/version")).status).toBe(200);
  });

  test("below a path gets requests below it, with or without a trailing slash", async () => {
    using server = await answering();
    server.on("GET /k8s/clusters/c-1/version", (answer) => answer.json({}));
    for (const end of ["", "/"]) {
      const connection = connectTo(server, { cluster: { server: `${server.url}/k8s/clusters/c-1${end}` } });
      expect((await connection.send("/version")).status).toBe(200);
    }
  });

  test("without TLS is spoken to, as it is with `kubectl proxy`", async () => {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: ({ url }) => new Response(url) });
    using unused = await FakeApiServer.start();
    const connection = connectTo(unused, { cluster: { server: `http://127.0.0.1:${server.port}` } });
    expect(await (await connection.send("/version")).text()).toEndWith("/version");
  });

  test("without TLS gets no credentials, and its refusal reports it", async () => {
    const seen: (string | null)[] = [];
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch({ headers }) {
        seen.push(headers.get("authorization"));
        return new Response("Unauthorized", { status: 401 });
      },
    });
    using unused = await FakeApiServer.start();
    const changes = {
      cluster: { server: `http://127.0.0.1:${server.port}` },
      user: { token: "secret" },
    };
    const kube = new Kube(connectTo(unused, changes));
    const error = await rejection(kube.send("cannot ask", "/version"));
    expect(error.message).toBe(
      "cannot ask; no credentials were sent, as the server of test has no TLS: 401, Unauthorized",
    );
    expect(seen).toEqual([null]);
  });

  test("that redirects elsewhere is not followed there with the user's credentials", async () => {
    using server = await answering();
    using elsewhere = await answering({ authority: server.authority });
    server.on("GET /moved", (answer) => answer.json({}, 302, { location: `${elsewhere.url}/version` }));
    expect((await connectTo(server, { user: { token: "secret" } }).send("/moved")).status).toBe(302);
    expect(elsewhere.requests).toBeEmpty();
  });
});

describe("a server that cannot be reached is reported with its context and address when", () => {
  test("no server listens", async () => {
    using server = await FakeApiServer.start();
    const connection = connectTo(server, { cluster: { server: "https://127.0.0.1:1" } });
    const error = await rejection(connection.send("/version"));
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.message).toBe(
      "The API server of test (https://127.0.0.1:1) does not answer: it refuses connections. " +
        "Is the cluster running, and is this the right context?",
    );
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("it takes connections and never answers", async () => {
    using silent = await listener(() => {});
    using server = await FakeApiServer.start();
    const connection = connectTo(
      server,
      { cluster: { server: `https://127.0.0.1:${silent.port}` } },
      { timeoutMs: 100 },
    );
    const error = await rejection(connection.send("/version"));
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.message).toContain("does not answer: no answer within 0.1 s.");
  });

  test("it stops in the middle of an answer", async () => {
    using server = await FakeApiServer.start();
    server.on("GET /version", async (answer) => {
      answer.begin();
      await answer.write('{"gitVersion":');
    });
    const error = await rejection(connectTo(server, {}, { timeoutMs: 200 }).send("/version"));
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.message).toContain("no answer within 0.2 s");
  });

  test("it cuts the connection in the middle of an answer", async () => {
    using server = await FakeApiServer.start();
    server.on("GET /version", async (answer) => {
      answer.begin();
      await answer.write('{"gitVersion":');
      answer.cut();
    });
    const error = await rejection(connectTo(server).send("/version"));
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.message).toContain("it closed the connection");
  });
});

test("a stream outlives the time that an answer has", async () => {
  using server = await FakeApiServer.start();
  server.on("GET /stream", async (answer) => {
    answer.begin();
    await answer.write("a");
    await Bun.sleep(250);
    await answer.write("b");
    answer.end();
  });
  const response = await connectTo(server, {}, { timeoutMs: 100 }).open("/stream");
  expect(await response.text()).toBe("ab");
});

test("a signal ends a request with its own reason", async () => {
  using server = await FakeApiServer.start();
  server.on("GET /version", () => {});
  const controller = new AbortController();
  const sent = rejection(connectTo(server).send("/version", { signal: controller.signal }));
  setTimeout(() => controller.abort(new Error("enough")), 20);
  expect((await sent).message).toBe("enough");
});

test("an answer without a body stays one", async () => {
  using server = await FakeApiServer.start();
  server.on("GET /version", (answer) => answer.empty(204));
  expect((await connectTo(server).send("/version")).status).toBe(204);
});

describe("a proxy", () => {
  test("of the kubeconfig carries the requests, with its own name and password, also past NO_PROXY", async () => {
    using server = await answering();
    using proxy = await ConnectProxy.start();
    process.env["NO_PROXY"] = "*";
    try {
      const proxyUrl = `http://user:secret@127.0.0.1:${proxy.port}`;
      const response = await connectTo(server, { cluster: { "proxy-url": proxyUrl } }).send("/version");
      expect(response.status).toBe(200);
    } finally {
      delete process.env["NO_PROXY"];
    }
    expect(proxy.connects).toEqual([
      { to: `127.0.0.1:${server.port}`, authorization: `Basic ${base64("user:secret")}` },
    ]);
  });

  test("does not make a server of another authority a trusted one", async () => {
    using server = await answering();
    using proxy = await ConnectProxy.start();
    const cluster = {
      "proxy-url": `http://127.0.0.1:${proxy.port}`,
      "certificate-authority-data": base64(new Authority("other").cert),
    };
    expect(await rejection(connectTo(server, { cluster }).send("/version"))).toBeInstanceOf(Unreachable);
    expect(server.requests).toBeEmpty();
  });

  test("of the environment is not used for a server on this machine", async () => {
    using server = await answering();
    using proxy = await ConnectProxy.start();
    process.env["HTTPS_PROXY"] = `http://127.0.0.1:${proxy.port}`;
    try {
      expect((await connectTo(server).send("/version")).status).toBe(200);
    } finally {
      delete process.env["HTTPS_PROXY"];
    }
    expect(proxy.connects).toBeEmpty();
  });

  test("that is no HTTP proxy is refused before anything is sent", async () => {
    using server = await answering();
    const cluster = { "proxy-url": "socks5://user:secret@127.0.0.1:1080" };
    const connecting = (): unknown => connectTo(server, { cluster });
    expect(connecting).toThrow(NoCluster);
    expect(connecting).toThrow(
      "The proxy-url of test is one of socks5: only http and https proxies can be used.",
    );
  });
});

async function answering(options: Parameters<typeof FakeApiServer.start>[0] = {}): Promise<FakeApiServer> {
  const server = await FakeApiServer.start(options);
  server.on("GET /version", (answer) => answer.json({ gitVersion: "v1.34.0" }));
  return server;
}

/** A TCP server that does nothing but accept. */
async function listener(onConnection: () => void): Promise<Disposable & { port: number }> {
  const server = createServer(onConnection);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { port, [Symbol.dispose]: () => void server.close() };
}
