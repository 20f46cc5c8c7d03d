/** The URL of a load, and whether it is on this machine. */
export interface LoadTarget {
  url: string;
  isLocal: boolean;
}

/** The target is invalid; the message says what to write. */
export class NoTarget extends Error {
  override readonly name = "NoTarget";
}

/** The path that the split of the credit check decides. */
const PATH = "/kyc/v1/customer";

/**
 * Parses the target of a load: by default the ingress of the local mesh, a path at that ingress, or a complete URL.
 * @param ingress the address of the mesh that runs on this machine, if one does
 * @throws NoTarget
 */
export function readTarget(given: string | undefined, ingress: string | undefined): LoadTarget {
  if (given === undefined || given.startsWith("/")) {
    if (ingress === undefined) {
      throw new NoTarget(
        "No local mesh runs here: start it with ./kyc dev, or name another target in full, as http://HOST/PATH.",
      );
    }
    return { url: `${ingress}${given ?? PATH}`, isLocal: true };
  }
  const url = URL.parse(given);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new NoTarget(
      `${given} is not a target: give a path of the local mesh, such as ${PATH}, or a complete URL, such as http://HOST/PATH.`,
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
