import type { Socket } from "bun";
import { UserError } from "../user-error.ts";
import type { Kube } from "./client.ts";

export interface ChannelEvents {
  onData(data: Buffer): void;
  /** The channel is closed. */
  onEnd(): void;
}

const DATA = 0;
const ERROR = 1;
const OPENS_WITHIN_MS = 10_000;

/**
 * A pod's port behind a WebSocket. Each message begins with the number of its channel, 0 for data and 1 for errors; the
 * first message of each channel holds only the port.
 */
export class Channels {
  readonly #socket: WebSocket;
  readonly #greeted = new Set<number>();

  private constructor(socket: WebSocket, events: ChannelEvents) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(data, events);
    socket.onclose = () => events.onEnd();
  }

  /** Resolves when the WebSocket is open. @throws if the API server or the kubelet refuses */
  static async open(dial: () => Promise<WebSocket>, events: ChannelEvents): Promise<Channels> {
    const socket = await dial();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error("the pod's port did not open in time")), OPENS_WITHIN_MS);
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("the API server forwards no port of this pod"));
    const channels = new Channels(socket, events);
    try {
      await promise;
      return channels;
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  send(data: Buffer): void {
    this.#socket.send(Buffer.concat([Buffer.of(DATA), data]));
  }

  close(): void {
    this.#socket.close();
  }

  #receive(message: unknown, events: ChannelEvents): void {
    if (!(message instanceof ArrayBuffer) || message.byteLength === 0) return;
    const bytes = Buffer.from(message);
    const channel = bytes[0] ?? ERROR;
    if (!this.#greeted.has(channel)) {
      this.#greeted.add(channel);
      // The port's number, two bytes.
      if (bytes.length <= 3) return;
    }
    if (channel === DATA) events.onData(bytes.subarray(1));
    // No process listens on the port, or the pod is deleted.
    else if (channel === ERROR && bytes.length > 1) this.close();
  }
}

export interface ForwardOptions {
  kube: Kube;
  namespace: string;
  pod: string;
  /** A port on the pod's loopback address, which bypasses a sidecar. */
  port: number;
}

/** A local port that is forwarded to a port of a pod. */
export interface Forward extends Disposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** The state of one local connection. */
interface Carried {
  channels: Promise<Channels>;
  /** Data from the pod that the local socket has not accepted yet. */
  pending: Buffer[];
}

/**
 * Forwards a local port to a port of a pod through the API server, as `kubectl port-forward` does: a WebSocket for
 * each connection. (Kubernetes, pkg/kubelet/server/portforward/websocket.go: v4.channel.k8s.io)
 * @throws UserError if the connection does not support WebSockets
 */
export async function forwardPort({ kube, namespace, pod, port }: ForwardOptions): Promise<Forward> {
  const { connection } = kube;
  const base = await kube.path({ apiVersion: "v1", kind: "Pod" }, { namespace, name: pod });
  if (connection.dial === undefined) throw new UserError("This connection does not support port forwarding.");
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
