// Compiles Ink with inkjs and plays it. In: [{source, plays: [[choice index, ...], ...]}, ...] on stdin.
// Out: [{errors, warnings, plays: [{lines: [[text, [tags]]], choices: [[[text, [tags]], ...], ...], variables, error}]}, ...]
const { Compiler, CompilerOptions } = require("inkjs/full");

function play(story, picks) {
  const heard = { lines: [], choices: [], variables: {}, error: "" };
  const run = () => {
    while (story.canContinue) {
      const text = story.Continue().trim();
      if (text || story.currentTags.length) heard.lines.push([text, story.currentTags]);
    }
    if (story.currentChoices.length) heard.choices.push(story.currentChoices.map((c) => [c.text, c.tags || []]));
  };
  try {
    run();
    for (const pick of picks) {
      if (!story.currentChoices.length) break;
      story.ChooseChoiceIndex(pick % story.currentChoices.length);
      run();
    }
    for (const name of story.variablesState._globalVariables.keys()) heard.variables[name] = story.variablesState[name];
  } catch (error) {
    heard.error = String(error.message || error);
  }
  return heard;
}

let given = "";
process.stdin.on("data", (chunk) => (given += chunk));
process.stdin.on("end", () => {
  const told = JSON.parse(given).map(({ source, plays }) => {
    const found = { errors: [], warnings: [], plays: [] };
    const options = new CompilerOptions(null, [], false, (message, kind) => (kind === 2 ? found.errors : found.warnings).push(message));
    try {
      const compiler = new Compiler(source, options);
      const json = compiler.Compile().ToJson();
      const { Story } = require("inkjs/full");
      found.plays = plays.map((picks) => play(new Story(json), picks));
    } catch (error) {
      found.errors.push(String(error.message || error));
    }
    return found;
  });
  process.stdout.write(JSON.stringify(told));
});
