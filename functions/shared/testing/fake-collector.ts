import { Type, type Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

const Attributes = Type.Array(
  Type.Object({
    key: Type.String(),
    value: Type.Union([
      Type.Object({ stringValue: Type.String() }),
      Type.Object({ intValue: Type.String({ pattern: "^-?\\d+$" }) }),
      Type.Object({ doubleValue: Type.Number() }),
      Type.Object({ boolValue: Type.Boolean() }),
    ]),
  }),
);
const ReceivedSpan = Type.Object({
  traceId: Type.String({ pattern: "^[0-9a-f]{32}$" }),
  spanId: Type.String({ pattern: "^[0-9a-f]{16}$" }),
  parentSpanId: Type.Optional(Type.String({ pattern: "^[0-9a-f]{16}$" })),
  traceState: Type.Optional(Type.String()),
  flags: Type.Integer(),
  name: Type.String({ minLength: 1 }),
  kind: Type.Union([Type.Literal(2), Type.Literal(3)]),
  startTimeUnixNano: Type.String({ pattern: "^\\d{19}$" }),
  endTimeUnixNano: Type.String({ pattern: "^\\d{19}$" }),
  attributes: Attributes,
  status: Type.Object({ code: Type.Optional(Type.Literal(2)) }),
});
const ExportRequest = Type.Object({
  resourceSpans: Type.Array(
    Type.Object({
      resource: Type.Object({ attributes: Attributes }),
      scopeSpans: Type.Array(
        Type.Object({ scope: Type.Object({ name: Type.String() }), spans: Type.Array(ReceivedSpan) }),
      ),
    }),
  ),
});

/** A received span, with its attributes and those of its process by name. */
export interface CollectedSpan extends Omit<Static<typeof ReceivedSpan>, "attributes"> {
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

/** A collector that accepts OTLP over HTTP in JSON, and refuses requests that violate the protocol. */
export function fakeCollector() {
  const spans: CollectedSpan[] = [];
  const requests: { readonly path: string; readonly headers: Headers }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      requests.push({ path: new URL(request.url).pathname, headers: request.headers });
      const bytes = new Uint8Array(await request.arrayBuffer());
      const text = new TextDecoder().decode(
        request.headers.get("content-encoding") === "gzip" ? Bun.gunzipSync(bytes) : bytes,
      );
      const body: unknown = JSON.parse(text);
      if (!Value.Check(ExportRequest, body)) {
        return new Response([...Value.Errors(ExportRequest, body)].map(({ path }) => path).join(), {
          status: 400,
        });
      }
      for (const { resource, scopeSpans } of body.resourceSpans)
        for (const span of scopeSpans.flatMap((scope) => scope.spans))
          spans.push({
            ...span,
            attributes: byName(span.attributes),
            resource: byName(resource.attributes),
          });
      return Response.json({ partialSuccess: {} });
    },
  });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    spans,
    requests,
    stop: () => server.stop(true),
  };
}

function byName(attributes: Static<typeof Attributes>): CollectedSpan["attributes"] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      "intValue" in value ? Number(value.intValue) : (Object.values(value)[0] ?? ""),
    ]),
  );
}
