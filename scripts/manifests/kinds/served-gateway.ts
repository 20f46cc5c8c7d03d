import Type from "typebox";
import { Check } from "typebox/schema";
import type { FieldPath } from "../document.ts";
import type { Adapted } from "./kind-entry.ts";

/** A server as far as it decides how the local mesh serves it. The rest is left to the schema of a Gateway. */
const Server = Type.Object({
  port: Type.Object({ protocol: Type.String() }),
  tls: Type.Optional(Type.Object({ mode: Type.Optional(Type.String()) })),
});
type Server = Type.Static<typeof Server>;
const Spec = Type.Object({ spec: Type.Object({ servers: Type.Array(Type.Unknown()) }) });

/**
 * Returns a Gateway as the local mesh can serve it: in HTTP/1.1, and with TLS that requests no client certificate.
 * Servers without HTTP routes, such as those for TCP, are omitted unless no server would remain.
 */
export function servedGateway(value: unknown): Adapted | undefined {
  if (!Check(Spec, value)) return undefined;
  const servers = value.spec.servers.map((server, i) => ({ i, ...servedInHttp1(server) }));
  const served = servers.filter(({ server }) => server !== undefined);
  if (served.length === 0) return undefined;
  const differences = servers.flatMap(({ i, differences = [] }) =>
    differences.map(({ field, message }) => ({ path: ["spec", "servers", i, ...field], message })),
  );
  const spec = { ...value.spec, servers: served.map(({ server }) => server) };
  return { value: { ...value, spec }, differences, pathInFile };

  /** The servers that are left out have numbers in the file too. */
  function pathInFile(path: FieldPath): FieldPath {
    const [spec, list, i, ...rest] = path;
    if (spec !== "spec" || list !== "servers" || typeof i !== "number") return path;
    return [spec, list, served[i]?.i ?? i, ...rest];
  }
}

/** Returns a server as the local mesh serves it, undefined if it does not, and the differences from the file. */
function servedInHttp1(server: unknown): {
  server: unknown;
  differences?: { field: FieldPath; message: string }[];
} {
  if (!Check(Server, server)) return { server };
  const { port, tls } = server;
  const { protocol } = port;
  const isHttps = /^https$/i.test(protocol);
  if (!isHttp(server)) {
    const passed = isHttps ? `TLS in mode ${tls?.mode}` : protocol;
    const message = `the local mesh does not serve ${passed}, and leaves this server out`;
    return { server: undefined, differences: [{ field: ["port"], message }] };
  }
  const asksCallers = isHttps && tls?.mode?.endsWith("MUTUAL") === true;
  const differences = [
    ...(/^https?$/i.test(protocol)
      ? []
      : [{ field: ["port"], message: `the local mesh serves this server in HTTP/1.1, not ${protocol}` }]),
    ...(asksCallers
      ? [
          {
            field: ["tls", "mode"],
            message: `the local mesh does not request client certificates, unlike ${tls?.mode}`,
          },
        ]
      : []),
  ];
  const simple = asksCallers ? { tls: { ...tls, mode: "SIMPLE" } } : {};
  return {
    server: { ...server, port: { ...port, protocol: isHttps ? "HTTPS" : "HTTP" }, ...simple },
    differences,
  };
}

/** Whether the gateway sees the requests of a server, which it does not if TLS or TCP passes through. */
function isHttp({ port, tls }: Server): boolean {
  if (/^https$/i.test(port.protocol)) return tls?.mode?.includes("PASSTHROUGH") !== true;
  return /^(http|http2|grpc|grpc-web)$/i.test(port.protocol);
}
