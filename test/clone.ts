import { cp, mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/** A temporary clone of the repository, with the packages that are installed here. */
export async function cloneRepository(): Promise<{ root: string } & AsyncDisposable> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "kyc-clone-")));
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const listed = Bun.spawn(["git", ...list], { cwd: PROJECT });
  for (const file of (await listed.stdout.text()).split("\0")) {
    // The list contains files whose deletion is not committed yet.
    if (file === "" || !(await Bun.file(join(PROJECT, file)).exists())) continue;
    await mkdir(dirname(join(root, file)), { recursive: true });
    await cp(join(PROJECT, file), join(root, file));
  }
  await symlink(join(PROJECT, "node_modules"), join(root, "node_modules"));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}
