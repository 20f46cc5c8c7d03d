import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { FieldPath } from "../../manifests/document.ts";
import type { Secret } from "../../manifests/kinds/secret.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import type { Resources, Sourced } from "../../manifests/resources.ts";
import type { DevFile } from "../revisions/dev-config.ts";
import type { Certificate } from "./local-authority.ts";

// The fields of a Secret by Kubernetes, and the alternatives that Istio accepts. (istio,
// pilot/pkg/credentials/kube/secrets.go)
const FIELDS = [
  ["tls.crt", "tls.key"],
  ["cert", "key"],
] as const;

// The namespace of the gateway's pods, where Istio looks for the Secret.
const PROXY_NAMESPACE = "istio-system";

/**
 * Returns the certificates that Gateways name: files named in `dev.yaml`, else those of a Secret of the folder. This
 * machine makes a certificate for a name that neither has.
 */
export async function userCertificates(
  root: string,
  { gateways, secrets }: Pick<Resources, "gateways" | "secrets">,
  { certificates: files = {} }: DevFile,
): Promise<{ certificates: Map<string, Certificate>; problems: Problem[] }> {
  const certificates = new Map<string, Certificate>();
  const problems: Problem[] = [];
  for (const { value, document } of gateways) {
    for (const [i, { tls }] of value.spec.servers.entries()) {
      const name = tls?.credentialName;
      if (name === undefined || certificates.has(name)) continue;
      const path: FieldPath = ["spec", "servers", i, "tls", "credentialName"];
      const named = files[name];
      const secret = secretNamed(name, value.metadata.namespace ?? "default", secrets);
      if (named === undefined && secret === undefined) continue;
      const from = named === undefined ? `the Secret ${name}` : `dev.yaml`;
      const found = named === undefined ? inSecret(secret?.value) : await inFiles(root, named);
      const fault = found === undefined ? "has no certificate and key" : faultOf(found);
      if (found !== undefined && fault === undefined) certificates.set(name, found);
      else {
        const message = `${from} ${fault} for ${name}`;
        const fix =
          named === undefined
            ? "give tls.crt and tls.key in PEM, or leave the Secret out for a certificate of this machine"
            : "name files in PEM that belong together, or leave them out for a certificate of this machine";
        problems.push(problemAt("gateway-certificate", document, path, { message, fix, name }));
      }
    }
  }
  return { certificates, problems };
}

function secretNamed(
  credentialName: string,
  namespace: string,
  secrets: readonly Sourced<Secret>[],
): Sourced<Secret> | undefined {
  // Istio also accepts kubernetes://NAME.
  const name = credentialName.split("/").at(-1);
  const all = secrets.filter(({ value }) => value.metadata.name === name);
  const within = (wanted: string): Sourced<Secret> | undefined =>
    all.find(({ value }) => (value.metadata.namespace ?? "default") === wanted);
  return within(PROXY_NAMESPACE) ?? within(namespace) ?? all[0];
}

function inSecret(secret: Secret | undefined): Certificate | undefined {
  for (const [certField, keyField] of FIELDS) {
    const [cert, key] = [certField, keyField].map((field) => {
      const encoded = secret?.data?.[field];
      return secret?.stringData?.[field] ?? (encoded && Buffer.from(encoded, "base64").toString());
    });
    if (cert !== undefined && key !== undefined) return { cert, key };
  }
  return undefined;
}

async function inFiles(root: string, { cert, key }: Certificate): Promise<Certificate | undefined> {
  const [certText, keyText] = await Promise.all(
    [cert, key].map((file) => readFile(resolve(root, file), "utf8").catch(() => undefined)),
  );
  return certText === undefined || keyText === undefined ? undefined : { cert: certText, key: keyText };
}

/** Returns why a certificate cannot be used for TLS, as the end of a sentence. */
function faultOf({ cert, key }: Certificate): string | undefined {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      return "has a certificate and a key that do not go together";
    return undefined;
  } catch {
    return "has a certificate or a key that cannot be read";
  }
}
