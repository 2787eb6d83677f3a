/**
 * The scripts that `completion <shell>` prints. Each hands the words of the command line to `<tool> complete -- …` as
 * they are, never through `eval`, and offers what comes back; where nothing comes back the shell completes file names.
 *
 * @module
 */

import type { Shell } from "./commands.ts";

/** The script for `shell`. */
export function completionScript(tool: string, shell: Shell): string {
  return SCRIPTS[shell](tool);
}

const SCRIPTS: Record<Shell, (tool: string) => string> = {
  bash: (tool) =>
    `# ${tool} completion for bash
_${tool}_complete() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(${tool} complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _${tool}_complete ${tool}
`,
  zsh: (tool) =>
    `#compdef ${tool}
# ${tool} completion for zsh
_${tool}_complete() {
  local line word
  local -a words_found texts
  while IFS= read -r line; do
    word=\${line%%$'\\t'*}
    words_found+=("$word")
    if [[ -n "\${line#*$'\\t'}" ]]; then
      texts+=("\${(r:28:)word} \${line#*$'\\t'}")
    else
      texts+=("$word")
    fi
  done < <(${tool} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#words_found} )); then
    compadd -l -d texts -a words_found
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == "_${tool}" ]]; then
  _${tool}_complete "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _${tool}_complete ${tool}
fi
`,
  fish: (tool) =>
    `# ${tool} completion for fish
function __${tool}_complete
    set -l words (commandline -opc) (commandline -ct)
    ${tool} complete -- $words[2..] 2>/dev/null
end
complete -c ${tool} -f -n 'test -n "$(__${tool}_complete)"' -a '(__${tool}_complete)'
`,
};
