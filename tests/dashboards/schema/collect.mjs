// Writes every dashboard as a TypeScript literal into boards.ts. A JSON import would not do: TypeScript widens its strings,
// so that no enum could be checked, and lets unknown keys pass.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../../../dashboards/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
const literals = names.map((name) => {
  const board = readFileSync(new URL(name, folder), "utf8").trim();
  return `// ${name}\n(${board}) satisfies Board;\n`;
});
writeFileSync(
  new URL("boards.ts", import.meta.url),
  `import type { Board } from "./board";\n\n${literals.join("\n")}`,
);
console.log(`${names.length} dashboards`);
