// The suite for Jest runs against what is built, as users do.
export default {
  testEnvironment: 'jsdom',
  roots: ['<rootDir>/test-jest'],
  transform: {},
  moduleNameMapper: {
    '^@internal-events/browser$': '<rootDir>/dist/index.js',
    '^@internal-events/browser/(vue|testing)$': '<rootDir>/dist/$1.js',
  },
};
