import { describe, expect, test } from "bun:test";
import type { TSchema } from "typebox";
import { GATEWAY, KUSTOMIZATION, NAMESPACE, SERVICE } from "../testing/samples.ts";
import { replaced, told } from "../testing/told.ts";
import { ExternalNameService, Kustomization, Namespace } from "./core.ts";
import { Gateway } from "./istio-gateway.ts";

describe("in the other kinds", () => {
  test.each<[TSchema, string, string, string, string[]]>([
    [
      Gateway,
      GATEWAY,
      "        protocol: HTTP",
      "        protocol: GRPC",
      [
        "12:19: spec.servers[0].port.protocol: GRPC is not supported by the local mesh; write HTTP or HTTPS, or try it on a cluster",
      ],
    ],
    [
      Gateway,
      GATEWAY,
      "        name: http",
      "        tls: {}",
      [
        "10:9: spec.servers[0].port: name is missing; add name, a string",
        "11:9: spec.servers[0].port.tls: there is no such field here; known are number, name, protocol",
      ],
    ],
    [
      Gateway,
      GATEWAY,
      '      hosts: ["*"]',
      '      hosts: [./a.example, kyc/*.example, "*/*", a_b.example, "a:80", a/b/c]',
      [
        '13:50: spec.servers[0].hosts[3]: "a_b.example" is not HOST or NAMESPACE/HOST, without a port',
        '13:63: spec.servers[0].hosts[4]: "a:80" is not HOST or NAMESPACE/HOST, without a port',
        '13:71: spec.servers[0].hosts[5]: "a/b/c" is not HOST or NAMESPACE/HOST, without a port',
      ],
    ],
    [
      ExternalNameService,
      SERVICE,
      "  type: ExternalName",
      "  selector: {app: a}",
      [
        "5:3: spec: type is missing; add type: ExternalName",
        "5:3: spec.selector: this field is not supported here; a Service of type ExternalName is another name for a host, and has no pods",
      ],
    ],
    [
      ExternalNameService,
      SERVICE,
      "  type: ExternalName",
      "  type: ClusterIP",
      ['5:9: spec.type: "ClusterIP" is not allowed here; write ExternalName'],
    ],
    [Namespace, NAMESPACE, "kind: Namespace", "kind: Namespace\nspec: {}\nstatus: {phase: Active}", []],
    [
      Kustomization,
      KUSTOMIZATION,
      "resources: [a.yaml]",
      "resource: [a.yaml]",
      ["2:1: resource: there is no such field here; did you mean resources?"],
    ],
    [
      Kustomization,
      KUSTOMIZATION,
      "resources: [a.yaml]",
      "resources: [a.yaml]\npatches: []",
      [
        "3:1: patches: this field is not supported here; the local mesh follows resources only: write the objects as they shall be",
      ],
    ],
  ])("%#: a mistake is reported", (schema, text, line, broken, expected) => {
    expect(told(schema, replaced(text, line, broken))).toEqual(expected);
  });
});
