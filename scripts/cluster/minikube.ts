import Type from "typebox";
import { Check } from "typebox/schema";
import type { Programs } from "./programs.ts";

const Profiles = Type.Object({
  valid: Type.Union([Type.Array(Type.Object({ Name: Type.String() })), Type.Null()]),
});

/** The names of minikube's profiles, which are also the names of their contexts; empty without minikube. */
export async function minikubeProfiles(programs: Programs): Promise<string[]> {
  if (!programs.has("minikube")) return [];
  const { out } = await programs.run(["minikube", "profile", "list", "--light", "-o", "json"]);
  const listed = parsed(out);
  return Check(Profiles, listed) ? (listed.valid ?? []).map(({ Name }) => Name) : [];
}

/** The address of a profile's node as this machine sees it. */
export async function minikubeIp(programs: Programs, profile: string): Promise<string | undefined> {
  const { code, out } = await programs.run(["minikube", "ip", "-p", profile]);
  const ip = out.trim();
  return code === 0 && /^[0-9]+(\.[0-9]+){3}$/.test(ip) ? ip : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
