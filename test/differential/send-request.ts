import type { HttpClient } from "../../scripts/mesh/http/client.ts";
import type { ResponseHead } from "../../scripts/mesh/http/head.ts";
import { Parse } from "typebox/value";
import type { Wish } from "./cases.ts";
import { ASKS } from "./echo-names.ts";
import { type Answer, Seen } from "./answer-schema.ts";

const PATIENCE_MS = 20_000;

/** Sends a request byte for byte to a host at an ingress, and returns the answer. */
export async function ask(
  client: HttpClient,
  host: string,
  { method, target, headers, body }: Wish,
  name: string,
): Promise<Answer> {
  const fields = [["host", host], [ASKS.case, name], ...headers].map(
    ([field, value]) => `${field}: ${value}\r\n`,
  );
  if (body !== "") fields.push(`content-length: ${body.length}\r\n`);
  const bytes = Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields.join("")}\r\n${body}`, "latin1");
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => reject(new Error(`${method} ${host}${target} got no answer`)), PATIENCE_MS);
  send(false);
  return promise.finally(() => clearTimeout(timer));

  function send(fresh: boolean): void {
    let head: ResponseHead | undefined;
    const pieces: Buffer[] = [];
    const done = (): void => resolve(answerOf(head, Buffer.concat(pieces)));
    const handler = {
      onHead: (came: ResponseHead) => void (head = came),
      onData: (content: Buffer) => void pieces.push(Buffer.from(content)),
      onFlush() {},
      onEnd: done,
      onFailure: (failure: { kind: string; unused?: boolean }) => {
        if (failure.kind === "closed" && failure.unused === true) send(true);
        else done();
      },
    };
    client.send(method, bytes, handler, fresh).finish();
  }
}

function answerOf(head: ResponseHead | undefined, content: Buffer): Answer {
  const headers = [...(head?.headers ?? [])];
  const echo = headers.find(([name]) => name === "x-echo")?.[1];
  return {
    status: head?.status ?? 0,
    headers: headers.filter(([name]) => name !== "x-echo"),
    body: content.toString("latin1"),
    ...(echo === undefined ? {} : { seen: Parse(Seen, JSON.parse(Buffer.from(echo, "base64").toString())) }),
  };
}
