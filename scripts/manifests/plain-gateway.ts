import Type from "typebox";
import { Check } from "typebox/schema";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { type Problem, problemAt } from "./problem.ts";

// The rest of a Gateway is left to its schema.
const Server = Type.Object({
  port: Type.Object({ number: Type.Integer(), protocol: Type.String() }),
  tls: Type.Optional(Type.Object({ mode: Type.Optional(Type.String()) })),
});
type Server = Type.Static<typeof Server>;
const Spec = Type.Object({
  spec: Type.Object({
    selector: Type.Record(Type.String(), Type.String()),
    servers: Type.Array(Type.Unknown()),
  }),
});

/**
 * A Gateway as the local mesh can serve it: by its one gateway, in plain HTTP on its one port. Servers whose requests no
 * HTTP route sees, such as those for TCP, are left out, unless nothing else would be left.
 * @returns the Gateway, and a warning for each difference
 */
export function plainGateway(document: ManifestDocument): {
  document: ManifestDocument;
  problems: Problem[];
} {
  const { value } = document;
  if (!Check(Spec, value)) return { document, problems: [] };
  const { selector, servers } = value.spec;
  const served = [...servers.entries()].filter(([, server]) => !Check(Server, server) || isHttp(server));
  if (served.length === 0) return { document, problems: [] };
  const problems: Problem[] = [];
  const isOurs = selector["istio"] === "ingressgateway";
  if (!isOurs) ignored(["spec", "selector"], "the local mesh has one gateway, which serves this Gateway too");
  for (const [i, server] of servers.entries()) {
    if (!Check(Server, server)) continue;
    const { number, protocol } = server.port;
    const path = ["spec", "servers", i, "port"];
    if (!isHttp(server))
      ignored(path, `the local mesh does not serve ${protocol}, and leaves this server out`);
    else if (!isPlain(server))
      ignored(
        path,
        `the local mesh serves this server in plain HTTP on its own port, not ${protocol} on ${number}`,
      );
  }
  if (problems.length === 0) return { document, problems };
  const plain = served.map(([, server]) =>
    Check(Server, server) && !isPlain(server) ? inPlain(server) : server,
  );
  const spec = {
    ...value.spec,
    servers: plain,
    ...(isOurs ? {} : { selector: { istio: "ingressgateway" } }),
  };
  const numbers = served.map(([i]) => i);
  return {
    document: {
      file: document.file,
      value: { ...value, spec },
      at: (path) => document.at(asWritten(path)),
      atKey: (path) => document.atKey(asWritten(path)),
    },
    problems,
  };

  function ignored(path: FieldPath, message: string): void {
    problems.push(problemAt("ignored-field", document, path, { message }));
  }

  /** The path in the file, where the servers that are left out have numbers too. */
  function asWritten(path: FieldPath): FieldPath {
    const [spec, list, i, ...rest] = path;
    if (spec !== "spec" || list !== "servers" || typeof i !== "number") return path;
    return [spec, list, numbers[i] ?? i, ...rest];
  }
}

/** Whether the gateway sees the requests of a server: not where TLS or TCP passes through. */
function isHttp({ port, tls }: Server): boolean {
  if (/^https$/i.test(port.protocol)) return tls?.mode?.includes("PASSTHROUGH") !== true;
  return /^(http|http2|grpc|grpc-web)$/i.test(port.protocol);
}

function isPlain({ port }: Server): boolean {
  return port.protocol === "HTTP" && port.number === 80;
}

function inPlain({ tls: _, ...server }: Server): unknown {
  return { ...server, port: { ...server.port, number: 80, protocol: "HTTP" } };
}
