import type { Socket } from "bun";
import type { Kube } from "../kube/client.ts";
import { POD } from "../workload/live-objects.ts";
import { UserError } from "../user-error.ts";
import { Channels } from "./channels.ts";

export interface ForwardOptions {
  kube: Kube;
  namespace: string;
  pod: string;
  /** A port of the pod's own loopback address, so that a sidecar is passed by. */
  port: number;
}

/** A port of a pod as a port of this machine. */
export interface Forward extends Disposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** What a connection of ours carries to the pod's port, once both are open. */
interface Carried {
  channels: Promise<Channels>;
  /** What the pod sent and this socket did not take yet. */
  pending: Buffer[];
}

/**
 * Makes a port of a pod a port on this machine's loopback address, over the API server, as `kubectl port-forward` does:
 * a WebSocket for each connection. (Kubernetes, pkg/kubelet/server/portforward/websocket.go: v4.channel.k8s.io)
 * @throws UserError where the connection can open no WebSocket
 */
export async function forwardPort({ kube, namespace, pod, port }: ForwardOptions): Promise<Forward> {
  const { connection } = kube;
  const base = await kube.path(POD, { namespace, name: pod });
  if (connection.dial === undefined) throw new UserError("This connection forwards no ports.");
  const dial = connection.dial.bind(connection);
  const listener = Bun.listen<Carried>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        const channels = Channels.open(() => dial(`${base}/portforward?ports=${port}`, PROTOCOL), {
          onData: (data) => write(socket, data),
          onEnd: () => socket.end(),
        });
        channels.catch(() => socket.terminate());
        socket.data = { channels, pending: [] };
      },
      data(socket, data) {
        const copy = Buffer.from(data);
        void socket.data.channels.then((channels) => channels.send(copy)).catch(() => socket.terminate());
      },
      drain: flush,
      close: (socket) => hangUp(socket.data),
      error: (socket) => hangUp(socket.data),
    },
  });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    [Symbol.dispose]: () => listener.stop(true),
  };
}

const PROTOCOL = "v4.channel.k8s.io";

function write(socket: Socket<Carried>, data: Buffer): void {
  socket.data.pending.push(data);
  flush(socket);
}

function flush(socket: Socket<Carried>): void {
  const { pending } = socket.data;
  for (let first = pending[0]; first !== undefined; first = pending[0]) {
    const taken = Math.max(0, socket.write(first));
    if (taken < first.length) {
      pending[0] = first.subarray(taken);
      return;
    }
    pending.shift();
  }
}

function hangUp({ channels }: Carried): void {
  void channels.then((open) => open.close()).catch(() => undefined);
}
