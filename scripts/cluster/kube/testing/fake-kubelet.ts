import type { Socket } from "bun";
import { Kube } from "../client.ts";
import type { FakeCluster } from "../../testing/fake-cluster.ts";

interface Link {
  target: number;
  port: number;
  tcp: Promise<Socket<undefined>> | undefined;
}

/** A kubelet that forwards ports of pods to servers on this machine, and a client of a fake cluster that reaches it. */
export class FakeKubelet implements Disposable {
  /** The port of this machine behind each pod. */
  readonly pods = new Map<string, number>();
  readonly kube: Kube;
  readonly #server: ReturnType<typeof Bun.serve<Link>>;

  constructor(cluster: FakeCluster) {
    this.#server = Bun.serve<Link>({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request, server) => {
        const url = new URL(request.url);
        const pod = /\/pods\/([^/]+)\/portforward$/.exec(url.pathname)?.[1] ?? "";
        const target = this.pods.get(pod);
        if (target === undefined) return new Response("no such pod", { status: 404 });
        const data = { target, port: Number(url.searchParams.get("ports")), tcp: undefined };
        const headers = { "sec-websocket-protocol": "v4.channel.k8s.io" };
        return server.upgrade(request, { data, headers }) ? undefined : new Response("", { status: 400 });
      },
      websocket: {
        open(socket) {
          const port = Buffer.alloc(2);
          port.writeUInt16LE(socket.data.port);
          for (const channel of [0, 1]) socket.sendBinary(Buffer.concat([Buffer.of(channel), port]));
          socket.data.tcp = Bun.connect({
            hostname: "127.0.0.1",
            port: socket.data.target,
            socket: {
              data: (_, bytes) => void socket.sendBinary(Buffer.concat([Buffer.of(0), bytes])),
              close: () => socket.close(),
            },
          });
          socket.data.tcp.catch(() => socket.close());
        },
        message({ data }, message) {
          if (typeof message !== "string") void data.tcp?.then((tcp) => tcp.write(message.subarray(1)));
        },
        close: ({ data }) => void data.tcp?.then((tcp) => tcp.end()).catch(() => {}),
      },
    });
    this.kube = new Kube({
      context: cluster.context,
      server: cluster.server,
      namespace: undefined,
      send: (path, request) => cluster.send(path, request),
      open: (path, request) => cluster.open(path, request),
      dial: async (path, protocol) => new WebSocket(`ws://127.0.0.1:${this.#server.port}${path}`, protocol),
    });
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}
