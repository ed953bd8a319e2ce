// Validates an OpenAPI description against the specification: lint.mjs FILE.

import { createConfig, formatProblems, lint } from '@redocly/openapi-core';

const [, , file] = process.argv;
const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    'no-unused-components': 'off', // 405 belongs to methods that are not described
  },
});
const problems = await lint({ ref: file, config });
formatProblems(problems, { format: 'codeframe', color: false });
process.exitCode = problems.length > 0 ? 1 : 0;
