/** The URL of a load, and whether it is on this machine. */
export interface LoadTarget {
  url: string;
  isLocal: boolean;
}

/** The target is invalid; the message names the expected form. */
export class NoTarget extends Error {
  override readonly name = "NoTarget";
}

/**
 * Parses the target of a load: a path at an ingress gateway, or a complete URL.
 * @param ingress the address of the gateway: of the mesh on this machine, or of the given cluster
 * @param path the default path
 * @throws NoTarget
 */
export function readTarget(given: string | undefined, ingress: string | undefined, path = "/"): LoadTarget {
  if (given === undefined || given.startsWith("/")) {
    if (ingress === undefined) {
      throw new NoTarget(
        "No local mesh runs here: start it with ./kyc dev, or name a cluster by --context, or another target in full, as http://HOST/PATH.",
      );
    }
    const url = `${ingress}${given ?? path}`;
    return { url, isLocal: isLoopback(new URL(url).hostname) };
  }
  const url = URL.parse(given);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new NoTarget(
      `${given} is not a target: give a path of the local mesh, such as ${path}, or a complete URL, such as http://HOST/PATH.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new NoTarget(
      "A target has no user name and no password in it: give them as --header 'authorization: …'.",
    );
  }
  return { url: url.href, isLocal: isLoopback(url.hostname) };
}

function isLoopback(host: string): boolean {
  return (
    host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.[0-9.]+$/.test(host)
  );
}
