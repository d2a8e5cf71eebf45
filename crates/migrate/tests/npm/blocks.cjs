// Prints the blocks of components as Vue's own compiler cuts them: name, start and end in bytes.
const fs = require('fs');
const path = require('path');
const { parse } = require(path.join(process.argv[2], 'node_modules', '@vue', 'compiler-sfc'));

for (const file of process.argv.slice(3)) {
  const source = fs.readFileSync(file, 'utf8');
  const { descriptor, errors } = parse(source, { ignoreEmpty: false, sourceMap: false });
  const { template, script, scriptSetup, styles, customBlocks } = descriptor;
  const bytes = (offset) => Buffer.byteLength(source.slice(0, offset));
  const blocks = [template, script, scriptSetup, ...styles, ...customBlocks]
    .filter(Boolean)
    .sort((a, b) => a.loc.start.offset - b.loc.start.offset)
    .map((it) => `${it.type} ${bytes(it.loc.start.offset)} ${bytes(it.loc.end.offset)}`);
  console.log(errors.length ? `refused ${errors[0].message.split('\n')[0]}` : blocks.join(', '));
}
