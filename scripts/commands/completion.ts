import { Argument, Command } from "commander";
import { printRaw } from "../text/print.ts";

/** The completions after some words: subcommands, long options, and the values of options with choices. */
interface Place {
  /** The preceding words, such as `rollout verify-log`; empty for the first. */
  path: string;
  commands: { name: string; description: string }[];
  options: { name: string; description: string; values: readonly string[] }[];
}

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** `kyc completion`: prints the script that lets a shell complete commands, options and their values. */
export function completionCommand(others: () => Promise<Command[]>): Command {
  return new Command("completion")
    .description("prints a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SHELLS)))
    .addHelpText(
      "after",
      `
Examples:
  source <(./kyc completion bash)                                   for this shell; add it to ~/.bashrc for all shells
  ./kyc completion zsh > "\${fpath[1]}/_kyc"
  ./kyc completion fish > ~/.config/fish/completions/kyc.fish`,
    )
    .action(async (shell: keyof typeof SHELLS) => {
      const root = new Command("kyc");
      for (const command of await others()) root.addCommand(command);
      printRaw(SHELLS[shell](placesOf(root, "")).trimEnd());
    });
}

function placesOf(command: Command, path: string): Place[] {
  const own: Place = {
    path,
    commands: command.commands.map((each) => ({ name: each.name(), description: each.description() })),
    options: command
      .createHelp()
      .visibleOptions(command)
      .flatMap(({ long, description, argChoices = [] }) =>
        long ? [{ name: long, description, values: argChoices }] : [],
      ),
  };
  const inner = command.commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`.trim()));
  return [own, ...inner];
}

function bashScript(places: Place[]): string {
  const words = places.map(({ path, commands, options }) => {
    const all = [...commands, ...options].map(({ name }) => name);
    return `    ${quoted(path)}) words=${quoted(all.join(" "))} ;;`;
  });
  const values = places.flatMap(({ path, options }) =>
    options.flatMap(({ name, values: some }) =>
      some.length === 0
        ? []
        : [`    ${quoted(`${path} ${name}`.trim())}) words=${quoted(some.join(" "))} ;;`],
    ),
  );
  const paths = places.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  return `# Completion of kyc for bash: source <(./kyc completion bash)
_kyc() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" next="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
      ${paths.join("|")}) path="$next" ;;
    esac
  done
  case "$path" in
${words.join("\n")}
  esac
  case "\${path:+$path }$previous" in
${values.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _kyc kyc ./kyc
`;
}

function zshScript(places: Place[]): string {
  return `#compdef kyc ./kyc
autoload -Uz compinit bashcompinit
(( \${+functions[compdef]} )) || compinit
bashcompinit
${bashScript(places).replace(/^#.*\n/, "")}`;
}

function fishScript(places: Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const condition =
      path === ""
        ? "__fish_use_subcommand"
        : path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    const when = `complete -c kyc -n ${quoted(condition)}`;
    return [
      ...commands.map(({ name, description }) => `${when} -f -a ${quoted(name)} -d ${quoted(description)}`),
      ...options.map(({ name, description, values }) => {
        const choices = values.length === 0 ? "" : ` -x -a ${quoted(values.join(" "))}`;
        return `${when} -l ${name.slice(2)}${choices} -d ${quoted(description)}`;
      }),
    ];
  });
  return ["# Completion of kyc for fish", ...lines, ""].join("\n");
}

/** A word in single quotes, for all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
