export interface ChannelEvents {
  onData(data: Buffer): void;
  /** Nothing comes any more, for whatever reason. */
  onEnd(): void;
}

const DATA = 0;
const ERROR = 1;
const OPENS_WITHIN_MS = 10_000;

/**
 * A port of a pod behind a WebSocket: each message begins with the number of its channel, 0 for data and 1 for an error,
 * and the first on each channel names the port and says nothing else.
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

  /** Resolves when it is open. @throws when the API server or the kubelet refuses */
  static async open(dial: () => Promise<WebSocket>, events: ChannelEvents): Promise<Channels> {
    const socket = await dial();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error("the pod's port does not open in time")),
      OPENS_WITHIN_MS,
    );
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
    // Nobody listens on the port, or the pod is gone.
    else if (channel === ERROR && bytes.length > 1) this.close();
  }
}
