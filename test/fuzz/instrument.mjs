// Source of src with a counter in every branch and a look at every comparison of numbers (counters.ts says what for).
import ts from 'typescript'

const RELATIONAL = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken
])
const SHORT_CIRCUIT = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken
])

/** JavaScript of one file, whose numbers come from `next`; `counters` is what its counters are imported from. */
export function instrument(text, fileName, counters, next) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }
  const transformers = { before: [(context) => (file) => transformed(file, context, next)] }
  const { outputText } = ts.transpileModule(text, { compilerOptions, fileName, transformers })
  return `import { hit as __hit, near as __near } from ${JSON.stringify(counters)}\n${outputText}`
}

function transformed(file, context, next) {
  const { factory } = context
  const call = (name, ...args) => factory.createCallExpression(factory.createIdentifier(name), undefined, args)
  const count = () => call('__hit', factory.createNumericLiteral(next()))
  const counted = (expression) => factory.createParenthesizedExpression(factory.createComma(count(), expression))
  const countedBlock = (statement) => {
    const inner = ts.isBlock(statement) ? statement.statements : [statement]
    return factory.createBlock([factory.createExpressionStatement(count()), ...inner], true)
  }

  const visit = (node) => {
    const seen = ts.visitEachChild(node, visit, context)
    if (ts.isIfStatement(seen)) {
      const otherwise = seen.elseStatement === undefined ? undefined : countedBlock(seen.elseStatement)
      return factory.updateIfStatement(seen, seen.expression, countedBlock(seen.thenStatement), otherwise)
    }
    if (ts.isForStatement(seen)) {
      const { initializer, condition, incrementor, statement } = seen
      return factory.updateForStatement(seen, initializer, condition, incrementor, countedBlock(statement))
    }
    if (ts.isForOfStatement(seen)) {
      const { awaitModifier, initializer, expression, statement } = seen
      return factory.updateForOfStatement(seen, awaitModifier, initializer, expression, countedBlock(statement))
    }
    if (ts.isWhileStatement(seen))
      return factory.updateWhileStatement(seen, seen.expression, countedBlock(seen.statement))
    if (ts.isDoStatement(seen)) return factory.updateDoStatement(seen, countedBlock(seen.statement), seen.expression)
    if (ts.isCaseOrDefaultClause(seen)) return countedClause(seen)
    if (ts.isFunctionDeclaration(seen) || ts.isMethodDeclaration(seen)) return countedFunction(seen)
    if (ts.isArrowFunction(seen)) return countedArrow(seen)
    if (ts.isConditionalExpression(seen)) {
      const { condition, questionToken, whenTrue, colonToken, whenFalse } = seen
      return factory.updateConditionalExpression(
        seen,
        condition,
        questionToken,
        counted(whenTrue),
        colonToken,
        counted(whenFalse)
      )
    }
    if (ts.isBinaryExpression(seen)) return watched(seen)
    return seen
  }

  /** `a < b` becomes `(__a = a, __b = b, near(7, __a, __b), __a < __b)`: each side is evaluated once. */
  const watched = (node) => {
    const kind = node.operatorToken.kind
    if (SHORT_CIRCUIT.has(kind)) {
      return factory.updateBinaryExpression(node, node.left, node.operatorToken, counted(node.right))
    }
    if (!RELATIONAL.has(kind) || isNoNumber(node.left) || isNoNumber(node.right)) return node
    const left = factory.createTempVariable(context.hoistVariableDeclaration)
    const right = factory.createTempVariable(context.hoistVariableDeclaration)
    const parts = [
      factory.createAssignment(left, node.left),
      factory.createAssignment(right, node.right),
      call('__near', factory.createNumericLiteral(next()), left, right),
      factory.createBinaryExpression(left, node.operatorToken, right)
    ]
    return factory.createParenthesizedExpression(parts.reduce((all, part) => factory.createComma(all, part)))
  }

  const countedClause = (node) => {
    const statements = [factory.createExpressionStatement(count()), ...node.statements]
    return ts.isCaseClause(node)
      ? factory.updateCaseClause(node, node.expression, statements)
      : factory.updateDefaultClause(node, statements)
  }

  const countedFunction = (node) => {
    if (node.body === undefined) return node
    const { modifiers, asteriskToken, name, typeParameters, parameters, type } = node
    return ts.isFunctionDeclaration(node)
      ? factory.updateFunctionDeclaration(
          node,
          modifiers,
          asteriskToken,
          name,
          typeParameters,
          parameters,
          type,
          countedBlock(node.body)
        )
      : factory.updateMethodDeclaration(
          node,
          modifiers,
          asteriskToken,
          name,
          node.questionToken,
          typeParameters,
          parameters,
          type,
          countedBlock(node.body)
        )
  }

  const countedArrow = (node) => {
    const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken, body } = node
    const inner = ts.isBlock(body) ? countedBlock(body) : counted(body)
    return factory.updateArrowFunction(node, modifiers, typeParameters, parameters, type, equalsGreaterThanToken, inner)
  }

  return ts.visitNode(file, visit)
}

/** Texts, undefined, null, typeof: comparing them is comparing no numbers. */
function isNoNumber(node) {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTypeOfExpression(node) ||
    node.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isIdentifier(node) && node.text === 'undefined')
  )
}
