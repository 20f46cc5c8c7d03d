import type { Answer } from "./fake-answer.ts";
import { FakeApiServer, type FakeApiServerOptions } from "./fake-api-server.ts";

const PATH = "/api/v1/namespaces/a/configmaps";

/** A ConfigMap in namespace `a`, as a list or a watch carries it. */
export function configMap(name: string, value: string, resourceVersion: string): object {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "a", resourceVersion, labels: { v: value } },
  };
}

/** A bookmark's object: no name, and a creation time of null. */
export function bookmark(resourceVersion: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { resourceVersion, creationTimestamp: null } };
}

/** One requested stream of a watch. */
export interface Stream {
  answer: Answer;
  query: Record<string, string>;
}

/** A fake API server with ConfigMaps in namespace `a`: a test sets the list, and accepts the streams one by one. */
export class ConfigMapServer implements Disposable {
  readonly api: FakeApiServer;
  /** The items of a list. */
  items: object[] = [];
  resourceVersion = "10";
  /** How a stream is answered that no test waits for. */
  onStream: ((stream: Stream) => void) | undefined;
  readonly #streams: Stream[] = [];
  #next = Promise.withResolvers<void>();

  private constructor(api: FakeApiServer) {
    this.api = api;
    api.on(`GET ${PATH}`, (answer, { query }) => {
      if (query["watch"] === undefined)
        return answer.json({ metadata: { resourceVersion: this.resourceVersion }, items: this.items });
      if (this.onStream) return this.onStream({ answer, query });
      answer.begin();
      this.#streams.push({ answer, query });
      this.#next.resolve();
      this.#next = Promise.withResolvers();
    });
  }

  static async start(options?: FakeApiServerOptions): Promise<ConfigMapServer> {
    return new ConfigMapServer(await FakeApiServer.start(options));
  }

  /** Returns the next requested stream. */
  async stream(): Promise<Stream> {
    for (;;) {
      const stream = this.#streams.shift();
      if (stream !== undefined) return stream;
      await this.#next.promise;
    }
  }

  get lists(): number {
    return this.api.to(PATH).filter(({ query }) => query["watch"] === undefined).length;
  }

  get watches(): number {
    return this.api.to(PATH).length - this.lists;
  }

  [Symbol.dispose](): void {
    this.api[Symbol.dispose]();
  }
}
