import { expect, test } from "bun:test";
import { Command } from "commander";
import { PLACE_FLAGS, withInvocation } from "./command-lines.ts";

const place = [
  ["--dir", "my shop"],
  ["--context", "lab"],
] as const;

test("a next command is the program as it was called, with the flags that were given", () => {
  const called = { program: "kubectl kyc", place };
  expect(withInvocation("Back: ./kyc split web --undo", called)).toBe(
    "Back: kubectl kyc split --dir 'my shop' --context lab web --undo",
  );
  expect(withInvocation("see ./kyc deploy, or ./kyc dev.", called)).toBe(
    "see kubectl kyc deploy --dir 'my shop' --context lab, or kubectl kyc dev --dir 'my shop'.",
  );
});

test("a flag is not repeated in its line, and what is no call of the program stays", () => {
  const called = { program: "kyc", place };
  expect(withInvocation("./kyc split web --context other\n./kyc split web", called)).toBe(
    "kyc split --dir 'my shop' web --context other\nkyc split --dir 'my shop' --context lab web",
  );
  for (const text of ["/opt/x/./kyc deploy", "./kyc.js", ".kyc/rollouts", "../kyc"])
    expect(withInvocation(text, called)).toBe(text);
});

test("the flags of each command are those that it has", async () => {
  const modules = new Map<string, string[]>();
  for await (const file of new Bun.Glob("**/*.ts").scan(`${import.meta.dir}/../commands`)) {
    // A benchmark may have the name of a command, but has no flags for a place.
    if (file.includes("test") || file.includes("options/") || file.startsWith("bench/")) continue;
    const module: Record<string, unknown> = await import(`../commands/${file}`);
    for (const [name, make] of Object.entries(module)) {
      if (!name.endsWith("Command") || typeof make !== "function" || make.length > 0) continue;
      const command: unknown = make();
      if (command instanceof Command)
        modules.set(
          command.name(),
          command.options.map(({ long }) => long ?? ""),
        );
    }
  }
  for (const [command, flags] of Object.entries(PLACE_FLAGS))
    expect(modules.get(command) ?? []).toEqual(expect.arrayContaining([...flags]));
});
