# %% [markdown]
# The answer catalogue of 12_quizzes: right answers that look different, and wrong answers that students give.
# The questions of this stage need none: `autograder verify` asks them all itself.

# %% right="backward_gain" name="singular values of a chain"
def backward_gain(W_hh, slopes):
    steps = [torch.diag(slope) @ W_hh for slope in slopes]
    if not steps:
        return 1.0
    steps.reverse()
    J = steps[0] if len(steps) == 1 else torch.linalg.multi_dot(steps)
    return torch.linalg.svdvals(J)[0].item()


# %% right="backward_gain" name="root of the largest eigenvalue"
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh), dtype=torch.float64)
    for t in range(len(slopes)):
        J = slopes[t].double()[:, None] * (W_hh.double() @ J)
    return math.sqrt(max(torch.linalg.eigvalsh(J.T @ J).tolist()))


# %% wrong="backward_gain" name="multiplied from the right" says="The later step must stand on the left: first step 1 acts, then step 2. With several units the order matters."
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = J @ (slope.unsqueeze(1) * W_hh)
    return float(torch.linalg.matrix_norm(J, ord=2))


# %% wrong="backward_gain" name="slopes on the columns" says="diag(slopes) W multiplies the rows of W, one slope for each unit that is computed; you multiplied its columns."
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = (slope * W_hh) @ J
    return float(torch.linalg.matrix_norm(J, ord=2))


# %% wrong="backward_gain" name="Frobenius norm" says="This is the root of the sum of all squares. The gain is the largest singular value: ord=2."
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = (slope.unsqueeze(1) * W_hh) @ J
    return float(torch.linalg.matrix_norm(J)) if len(slopes) else 1.0


# %% wrong="backward_gain" name="product of the steps' norms" says="The norm of a product is not the product of the norms: this is only an upper bound."
def backward_gain(W_hh, slopes):
    gain = 1.0
    for slope in slopes:
        gain *= float(torch.linalg.matrix_norm(slope.unsqueeze(1) * W_hh, ord=2))
    return gain


# %% wrong="backward_gain" name="largest eigenvalue" says="An eigenvalue is not a singular value: a matrix with small eigenvalues can stretch a vector all the same."
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = (slope.unsqueeze(1) * W_hh) @ J
    return float(torch.linalg.eigvals(J).abs().max())


# %% wrong="backward_gain" name="without the slopes" says="The slopes of the activation belong into every step; you multiplied W_hh alone."
def backward_gain(W_hh, slopes):
    J = torch.linalg.matrix_power(W_hh, len(slopes))
    return float(torch.linalg.matrix_norm(J, ord=2))


# %% wrong="backward_gain" name="W transposed" says="W_hh came in turned round: the slopes belong to its rows, so turning it changes the result."
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = (slope.unsqueeze(1) * W_hh.T) @ J
    return float(torch.linalg.matrix_norm(J, ord=2))


# %% wrong="backward_gain" name="no step gives zero" says="With no step nothing is stretched, so the gain is 1: begin with the identity matrix."
def backward_gain(W_hh, slopes):
    if len(slopes) == 0:
        return 0.0
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = (slope.unsqueeze(1) * W_hh) @ J
    return float(torch.linalg.matrix_norm(J, ord=2))


# %% wrong="backward_gain" name="scales the caller's matrix" says="The slopes were multiplied into the caller's W_hh, so the second step starts from a changed matrix."
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = W_hh.mul_(slope.unsqueeze(1)) @ J
    return float(torch.linalg.matrix_norm(J, ord=2))


# %% wrong="backward_gain" name="returns a tensor" says="The docstring asks for a float; a tensor came back."
def backward_gain(W_hh, slopes):
    J = torch.eye(len(W_hh))
    for slope in slopes:
        J = (slope.unsqueeze(1) * W_hh) @ J
    return torch.linalg.matrix_norm(J, ord=2)


# %% right="change_at_z_one" name="two loops"
def change_at_z_one(gru_step, x, h):
    new = gru_step(x, h, 1000.0).tolist()
    return max(abs(a - b) for row, old in zip(new, h.tolist(), strict=True) for a, b in zip(row, old, strict=True))


# %% right="change_at_z_one" name="infinity norm"
def change_at_z_one(gru_step, x, h):
    return torch.linalg.vector_norm(gru_step(x, h, 80.0) - h, ord=float("inf")).item()


# %% wrong="change_at_z_one" name="z is zero" says="A large negative number makes z equal to 0, not 1. You measured the other end of the gate."
def change_at_z_one(gru_step, x, h):
    return float((gru_step(x, h, -50.0) - h).abs().max())


# %% wrong="change_at_z_one" name="bias one" says="z_bias = 1 is added inside the sigmoid: z becomes about 0.73, not 1."
def change_at_z_one(gru_step, x, h):
    return float((gru_step(x, h, 1.0) - h).abs().max())


# %% wrong="change_at_z_one" name="bias not large enough" says="σ(3) is 0.95: a twentieth of the other part is still in the state. Take a much larger number."
def change_at_z_one(gru_step, x, h):
    return float((gru_step(x, h, 3.0) - h).abs().max())


# %% wrong="change_at_z_one" name="mean difference" says="The mean over all units hides a large difference; the largest one is asked for."
def change_at_z_one(gru_step, x, h):
    return float((gru_step(x, h, 50.0) - h).abs().mean())


# %% wrong="change_at_z_one" name="sign not dropped" says="A difference of −0.9 is large too: take absolute values before the maximum."
def change_at_z_one(gru_step, x, h):
    return float((gru_step(x, h, 50.0) - h).max())


# %% wrong="change_at_z_one" name="compared with bias zero" says="You compared two new states. The question is how far the state moves away from h."
def change_at_z_one(gru_step, x, h):
    return float((gru_step(x, h, 50.0) - gru_step(x, h, 0.0)).abs().max())


# %% wrong="change_at_z_one" name="first row only" says="Only the first row of the batch is compared."
def change_at_z_one(gru_step, x, h):
    return float((gru_step(x, h, 50.0) - h)[0].abs().max())


# %% wrong="change_at_z_one" name="size of the new state" says="This is how large the new state is. Subtract the old state first."
def change_at_z_one(gru_step, x, h):
    return float(gru_step(x, h, 50.0).abs().max())


# %% wrong="change_at_z_one" name="returns a tensor" says="The docstring asks for a float; a tensor came back."
def change_at_z_one(gru_step, x, h):
    return (gru_step(x, h, 50.0) - h).abs().max()


# %% wrong="change_at_z_one" name="always zero" says="0 is true for torch's cell, but not for the other convention: call the function that you were given."
def change_at_z_one(gru_step, x, h):
    return 0.0


# %% right="query_effect" name="pairs of queries"
def query_effect(score, Q, K):
    rows = [torch.softmax(score(q, K), dim=0) for q in Q]
    largest = 0.0
    for one in rows:
        for other in rows:
            largest = max(largest, (one - other).abs().max().item())
    return largest


# %% right="query_effect" name="broadcast"
def query_effect(score, Q, K):
    scores = torch.stack([score(q, K) for q in Q]).double()
    e = (scores - scores.amax(dim=1, keepdim=True)).exp()
    weights = e / e.sum(dim=1, keepdim=True)
    return float((weights.unsqueeze(0) - weights.unsqueeze(1)).abs().max())


# %% wrong="query_effect" name="scores in place of weights" says="You compared scores. A linear score differs between queries, but the softmax cancels it: compare weights."
def query_effect(score, Q, K):
    scores = torch.stack([score(q, K) for q in Q])
    return float((scores.amax(dim=0) - scores.amin(dim=0)).max())


# %% wrong="query_effect" name="softmax over the queries" says="The softmax goes over the keys: for each query the weights of the keys sum to 1."
def query_effect(score, Q, K):
    weights = torch.stack([score(q, K) for q in Q]).softmax(dim=0)
    return float((weights.amax(dim=0) - weights.amin(dim=0)).max())


# %% wrong="query_effect" name="difference between keys" says="You compared the weights of two keys for one query. Compare two queries for one key."
def query_effect(score, Q, K):
    weights = torch.stack([score(q, K).softmax(dim=0) for q in Q])
    return float((weights.amax(dim=1) - weights.amin(dim=1)).max())


# %% wrong="query_effect" name="neighbours only" says="You compared each query with the next one only; the largest difference may lie between two others."
def query_effect(score, Q, K):
    weights = torch.stack([score(q, K).softmax(dim=0) for q in Q])
    return float((weights[1:] - weights[:-1]).abs().max()) if len(Q) > 1 else 0.0


# %% wrong="query_effect" name="against the first query" says="You compared every query with the first one only."
def query_effect(score, Q, K):
    weights = torch.stack([score(q, K).softmax(dim=0) for q in Q])
    return float((weights - weights[0]).abs().max())


# %% wrong="query_effect" name="mean over the keys" says="The largest difference over the keys is asked for, not their mean."
def query_effect(score, Q, K):
    weights = torch.stack([score(q, K).softmax(dim=0) for q in Q])
    return float((weights.amax(dim=0) - weights.amin(dim=0)).mean())


# %% wrong="query_effect" name="standard deviation" says="The standard deviation is smaller than the largest difference, and not defined for one query."
def query_effect(score, Q, K):
    weights = torch.stack([score(q, K).softmax(dim=0) for q in Q])
    return float(weights.std(dim=0).max())


# %% wrong="query_effect" name="returns a tensor" says="The docstring asks for a float; a tensor came back."
def query_effect(score, Q, K):
    weights = torch.stack([score(q, K).softmax(dim=0) for q in Q])
    return (weights.amax(dim=0) - weights.amin(dim=0)).max()


# %% wrong="query_effect" name="always zero" says="0 is right for a linear score only. Call the score that you were given, with every query."
def query_effect(score, Q, K):
    return 0.0


# %% right="row_sums" name="einsum and exp"
def row_sums(Q, K):
    scores = torch.einsum("td,sd->ts", Q, K).double() / math.sqrt(K.size(1))
    e = (scores - scores.max()).exp()
    weights = e / e.sum(dim=1, keepdim=True)
    return scores.sum(dim=1).float(), weights.sum(dim=1).float()


# %% right="row_sums" name="sum of the keys first"
def row_sums(Q, K):
    divided = Q @ K.sum(dim=0) * Q.shape[1] ** -0.5
    weights = F.softmax(Q @ K.T * Q.shape[1] ** -0.5, dim=-1)
    return divided, weights @ torch.ones(len(K))


# %% wrong="row_sums" name="not divided" says="The scores were not divided by √d."
def row_sums(Q, K):
    scores = Q @ K.T
    return scores.sum(dim=1), scores.softmax(dim=1).sum(dim=1)


# %% wrong="row_sums" name="divided by d" says="You divided by d and not by its root."
def row_sums(Q, K):
    scores = Q @ K.T / Q.shape[1]
    return scores.sum(dim=1), scores.softmax(dim=1).sum(dim=1)


# %% wrong="row_sums" name="root of the number of keys" says="The d of √d is the width of a query, not the number of keys."
def row_sums(Q, K):
    scores = Q @ K.T / len(K) ** 0.5
    return scores.sum(dim=1), scores.softmax(dim=1).sum(dim=1)


# %% wrong="row_sums" name="softmax over the queries" says="The softmax goes over the keys of one query, which stand in a row."
def row_sums(Q, K):
    scores = Q @ K.T / Q.shape[1] ** 0.5
    return scores.sum(dim=1), scores.softmax(dim=0).sum(dim=1)


# %% wrong="row_sums" name="sums over the queries" says="You summed over the queries: there must be one number for each query."
def row_sums(Q, K):
    scores = Q @ K.T / Q.shape[1] ** 0.5
    return scores.sum(dim=0), scores.softmax(dim=1).sum(dim=0)


# %% wrong="row_sums" name="results exchanged" says="The divided sums come first, the sums of the weights second."
def row_sums(Q, K):
    scores = Q @ K.T / Q.shape[1] ** 0.5
    return scores.softmax(dim=1).sum(dim=1), scores.sum(dim=1)


# %% wrong="row_sums" name="means" says="You took means over the keys. The sum is asked for."
def row_sums(Q, K):
    scores = Q @ K.T / Q.shape[1] ** 0.5
    return scores.mean(dim=1), scores.softmax(dim=1).mean(dim=1)


# %% wrong="row_sums" name="absolute scores" says="Scores may be negative, and then they count as negative in the sum."
def row_sums(Q, K):
    scores = (Q @ K.T).abs() / Q.shape[1] ** 0.5
    return scores.sum(dim=1), scores.softmax(dim=1).sum(dim=1)


# %% wrong="row_sums" name="one softmax for all" says="Your softmax goes over all queries and keys at once. Every query has weights of its own."
def row_sums(Q, K):
    scores = Q @ K.T / Q.shape[1] ** 0.5
    return scores.sum(dim=1), scores.flatten().softmax(dim=0).view_as(scores).sum(dim=1)


# %% right="hard_glimpse" name="inverse of the cumulative sum"
def hard_glimpse(alpha, values, n, generator):
    edges = alpha.cumsum(dim=0)
    chosen = torch.searchsorted(edges, torch.rand(n, generator=generator) * edges[-1], right=True)
    return values[chosen.clamp(max=len(alpha) - 1)].sum(dim=0) / n


# %% right="hard_glimpse" name="largest with Gumbel noise"
def hard_glimpse(alpha, values, n, generator):
    noise = -torch.log(-torch.log(torch.rand(n, len(alpha), generator=generator).clamp(1e-20, 1 - 1e-7)))
    chosen = (alpha.log() + noise).argmax(dim=1)
    if n == 1:
        return values[chosen[0]]
    return F.one_hot(chosen, len(alpha)).float().mean(dim=0) @ values


# %% wrong="hard_glimpse" name="largest weight" says="This takes the largest weight, and nothing is random. The function draws, with the weights as probabilities."
def hard_glimpse(alpha, values, n, generator):
    return values[alpha.argmax()]


# %% wrong="hard_glimpse" name="soft attention" says="This is the weighted sum. One draw must give one of the values, and no mixture."
def hard_glimpse(alpha, values, n, generator):
    return alpha @ values


# %% wrong="hard_glimpse" name="all equally probable" says="All positions are drawn equally often. The weights are the probabilities."
def hard_glimpse(alpha, values, n, generator):
    chosen = torch.randint(len(alpha), (n,), generator=generator)
    return values[chosen].mean(dim=0)


# %% wrong="hard_glimpse" name="one draw repeated" says="You drew once and used this draw n times. Each of the n draws is made anew."
def hard_glimpse(alpha, values, n, generator):
    chosen = torch.multinomial(alpha, 1, generator=generator).expand(n)
    return values[chosen].mean(dim=0)


# %% wrong="hard_glimpse" name="generator not used" says="The numbers come from torch's global generator. All randomness must come from the generator that was passed."
def hard_glimpse(alpha, values, n, generator):
    chosen = torch.multinomial(alpha, n, replacement=True)
    return values[chosen].mean(dim=0)


# %% wrong="hard_glimpse" name="sum of the draws" says="You added the values that were drawn. The mean is asked for."
def hard_glimpse(alpha, values, n, generator):
    chosen = torch.multinomial(alpha, n, replacement=True, generator=generator)
    return values[chosen].sum(dim=0)


# %% wrong="hard_glimpse" name="softmax of the weights" says="The weights are probabilities already. A softmax on top of them makes them nearly equal."
def hard_glimpse(alpha, values, n, generator):
    chosen = torch.multinomial(alpha.softmax(dim=0), n, replacement=True, generator=generator)
    return values[chosen].mean(dim=0)


# %% wrong="hard_glimpse" name="fixed seed inside" says="You set the seed of the generator: every call then gives the same draws."
def hard_glimpse(alpha, values, n, generator):
    generator.manual_seed(0)
    chosen = torch.multinomial(alpha, n, replacement=True, generator=generator)
    return values[chosen].mean(dim=0)


# %% wrong="hard_glimpse" name="mean over everything" says="The mean goes over the draws only. A value keeps its D numbers."
def hard_glimpse(alpha, values, n, generator):
    chosen = torch.multinomial(alpha, n, replacement=True, generator=generator)
    return values[chosen].mean()


# %% right="labels_over_half" name="signs and the largest"
def labels_over_half(logits):
    top = logits.double().softmax(dim=-1).amax(dim=-1)
    return (top > 0.5).long(), (logits > 0).long().sum(dim=-1)


# %% right="labels_over_half" name="row by row"
def labels_over_half(logits):
    soft, alone = [], []
    for row in logits:
        e = (row - row.max()).exp()
        soft.append(int((e / e.sum() > 0.5).sum()))
        alone.append(int((1 / (1 + (-row).exp()) > 0.5).sum()))
    return torch.tensor(soft), torch.tensor(alone)


# %% wrong="labels_over_half" name="softmax over the examples" says="The softmax goes over the labels of one example, not over the batch."
def labels_over_half(logits):
    return (logits.softmax(dim=0) > 0.5).sum(dim=1), (torch.sigmoid(logits) > 0.5).sum(dim=1)


# %% wrong="labels_over_half" name="logits above a half" says="You compared the logits with a half. A sigmoid is above a half where its logit is above 0."
def labels_over_half(logits):
    return (logits.softmax(dim=1) > 0.5).sum(dim=1), (logits > 0.5).sum(dim=1)


# %% wrong="labels_over_half" name="a half counts" says="Exactly a half is not above a half: use > and not >=."
def labels_over_half(logits):
    return (logits.softmax(dim=1) >= 0.5).sum(dim=1), (torch.sigmoid(logits) >= 0.5).sum(dim=1)


# %% wrong="labels_over_half" name="results exchanged" says="The softmax's count comes first, the sigmoids' second."
def labels_over_half(logits):
    return (torch.sigmoid(logits) > 0.5).sum(dim=1), (logits.softmax(dim=1) > 0.5).sum(dim=1)


# %% wrong="labels_over_half" name="counted over the examples" says="You counted for each label. One number for each example is asked for."
def labels_over_half(logits):
    return (logits.softmax(dim=1) > 0.5).sum(dim=0), (torch.sigmoid(logits) > 0.5).sum(dim=0)


# %% wrong="labels_over_half" name="one label always" says="The largest probability of a softmax need not be above a half: two labels can share nearly all of it."
def labels_over_half(logits):
    return torch.ones(len(logits), dtype=torch.long), (torch.sigmoid(logits) > 0.5).sum(dim=1)


# %% wrong="labels_over_half" name="sigmoid after the softmax" says="The sigmoid belongs on the logits. A probability is never negative, so its sigmoid is always at least a half."
def labels_over_half(logits):
    soft = logits.softmax(dim=1)
    return (soft > 0.5).sum(dim=1), (torch.sigmoid(soft) > 0.5).sum(dim=1)


# %% wrong="labels_over_half" name="means" says="You took the share of the labels. A whole number, the count, is asked for."
def labels_over_half(logits):
    return (logits.softmax(dim=1) > 0.5).float().mean(dim=1), (torch.sigmoid(logits) > 0.5).float().mean(dim=1)


# %% right="test_additive_score" name="einsum in double"
def test_additive_score(candidate):
    torch.manual_seed(4)
    for B, S, Dq, Dk, A in [(3, 5, 2, 7, 11), (4, 2, 3, 3, 3)]:
        q, K, W, U, v = (torch.randn(s) for s in [(B, Dq), (B, S, Dk), (A, Dq), (A, Dk), (A,)])
        inside = torch.einsum("bd,ad->ba", q.double(), W.double())[:, None, :] + K.double() @ U.double().T
        expected = torch.einsum("bsa,a->bs", inside.tanh(), v.double()).float()
        got = candidate(q, K, W, U, v)
        if tuple(got.shape) != (B, S) or (got - expected).abs().max() > 1e-4:
            return False
    return True


# %% right="test_additive_score" name="math.tanh by hand"
def test_additive_score(candidate):
    q = torch.tensor([[0.5, -1.0], [2.0, 0.3], [-0.7, 1.1]])
    K = torch.tensor([[[1.0], [-0.4]], [[0.2], [0.9]], [[-1.5], [0.6]]])
    W, U, v = torch.tensor([[1.0, 0.5], [-0.8, 0.3]]), torch.tensor([[0.7], [-1.2]]), torch.tensor([1.5, -0.6])
    got = candidate(q, K, W, U, v)
    if got.shape != (3, 2):
        return False
    for b in range(3):
        for s in range(2):
            total = 0.0
            for a in range(2):
                x = W[a, 0] * q[b, 0] + W[a, 1] * q[b, 1] + U[a, 0] * K[b, s, 0]
                total += float(v[a]) * math.tanh(float(x))
            if abs(total - float(got[b, s])) > 1e-4:
                return False
    return True


# %% wrong="test_additive_score" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_additive_score(candidate):
    return True


# %% wrong="test_additive_score" name="always false" says="A test that always says False refuses the right versions too."
def test_additive_score(candidate):
    return False


# %% wrong="test_additive_score" name="shape only" says="You only compare the shape. Nearly every bug leaves the shape as it is."
def test_additive_score(candidate):
    q, K, W, U, v = (torch.randn(s) for s in [(3, 5), (3, 4, 2), (7, 5), (7, 2), (7,)])
    return candidate(q, K, W, U, v).shape == (3, 4)


# %% wrong="test_additive_score" name="reads the source" says="A version cannot be looked into: there is nothing but its results."
def test_additive_score(candidate):
    import inspect

    try:
        return "tanh" in inspect.getsource(candidate)
    except (TypeError, OSError):
        return True


# %% wrong="test_additive_score" name="small numbers and a large tolerance" says="Your numbers are small: there, tanh is nearly the identity, and your tolerance hides the rest."
def test_additive_score(candidate):
    torch.manual_seed(0)
    q, K, W, U, v = (0.1 * torch.randn(s) for s in [(3, 5), (3, 4, 2), (7, 5), (7, 2), (7,)])
    expected = torch.tanh((q @ W.T).unsqueeze(1) + K @ U.T) @ v
    got = candidate(q, K, W, U, v)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-2)


# %% wrong="test_additive_score" name="a batch of one" says="With one sentence in the batch nobody can see that the sentences are mixed up."
def test_additive_score(candidate):
    torch.manual_seed(0)
    q, K, W, U, v = (torch.randn(s) for s in [(1, 5), (1, 4, 2), (7, 5), (7, 2), (7,)])
    expected = torch.tanh((q @ W.T).unsqueeze(1) + K @ U.T) @ v
    got = candidate(q, K, W, U, v)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_additive_score" name="exactly equal" says="You ask for the same bits. A right version that adds in another order differs in the last digit: allow for rounding."
def test_additive_score(candidate):
    torch.manual_seed(0)
    q, K, W, U, v = (torch.randn(s) for s in [(3, 5), (3, 4, 2), (7, 5), (7, 2), (7,)])
    return torch.equal(candidate(q, K, W, U, v), torch.tanh((q @ W.T).unsqueeze(1) + K @ U.T) @ v)


# %% wrong="test_additive_score" name="only asks whether the query counts" says="Another query gives other weights: this finds the missing tanh, and none of its relatives. Compare the values too."
def test_additive_score(candidate):
    torch.manual_seed(0)
    q, K, W, U, v = (torch.randn(s) for s in [(3, 5), (3, 4, 2), (7, 5), (7, 2), (7,)])
    one, other = candidate(q, K, W, U, v), candidate(-q, K, W, U, v)
    return not torch.allclose(one.softmax(dim=1), other.softmax(dim=1), atol=1e-4)


# %% wrong="test_additive_score" name="v of ones" says="With v all ones, a version that forgets v gives the same: take random numbers."
def test_additive_score(candidate):
    torch.manual_seed(0)
    q, K, W, U = (torch.randn(s) for s in [(3, 5), (3, 4, 2), (7, 5), (7, 2)])
    expected = torch.tanh((q @ W.T).unsqueeze(1) + K @ U.T).sum(dim=2)
    got = candidate(q, K, W, U, torch.ones(7))
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% right="test_masked_softmax" name="properties"
def test_masked_softmax(candidate):
    torch.manual_seed(1)
    scores = 3 * torch.randn(5, 6)
    scores[2] += 150
    mask = torch.rand(5, 6) < 0.6
    mask[:, 1] = True
    mask[4] = False
    kept, seen = scores.clone(), mask.clone()
    got = candidate(scores, mask)
    if not torch.equal(scores, kept) or not torch.equal(mask, seen) or got.shape != (5, 6) or not got.isfinite().all():
        return False
    if got[~mask].abs().max() > 1e-6 or (got.sum(dim=1) - mask.any(dim=1).float()).abs().max() > 1e-4:
        return False
    for b in range(4):  # differences of scores are differences of the logarithms of the weights
        real = mask[b].nonzero().flatten()
        for s in real:
            if abs(got[b, s] - got[b, real[0]] * (scores[b, s] - scores[b, real[0]]).exp()) > 1e-4:
                return False
    return True


# %% right="test_masked_softmax" name="softmax of the real part"
def test_masked_softmax(candidate):
    generator = torch.Generator().manual_seed(8)
    scores = torch.randn(4, 5, generator=generator) * torch.tensor([[1.0], [5.0], [300.0], [1.0]])
    lengths = [3, 5, 4, 0]
    mask = torch.tensor([[t < n for t in range(5)] for n in lengths])
    argument = scores.clone()
    copy = mask.clone()
    got = candidate(argument, copy)
    same = bool((argument == scores).all()) and bool((copy == mask).all())
    for b, n in enumerate(lengths):
        row = torch.zeros(5)
        if n:
            row[:n] = F.softmax(scores[b, :n].double(), dim=0).float()
        same = same and got.shape == scores.shape and bool(((got[b] - row).abs() < 1e-4).all())
    return same


# %% wrong="test_masked_softmax" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_masked_softmax(candidate):
    return True


# %% wrong="test_masked_softmax" name="sums only" says="You only ask whether the weights sum to 1. They can do that at the wrong positions."
def test_masked_softmax(candidate):
    torch.manual_seed(0)
    mask = torch.tensor([[True, True, False, False], [True, False, True, True], [True] * 4])
    return torch.allclose(candidate(torch.randn(3, 4), mask).sum(dim=1), torch.ones(3), atol=1e-5)


# %% wrong="test_masked_softmax" name="zeros at the pads only" says="You only ask whether masked positions have weight 0. The other weights can be anything."
def test_masked_softmax(candidate):
    torch.manual_seed(0)
    mask = torch.tensor([[True, True, False, False], [True, False, True, True], [True] * 4])
    return bool((candidate(torch.randn(3, 4), mask)[~mask] == 0).all())


# %% wrong="test_masked_softmax" name="no empty row" says="You never ask for a row in which nothing may be seen, so a NaN there is not found."
def test_masked_softmax(candidate):
    scores = torch.tensor([[1.0, -2.0, 0.5, 3.0], [200.0, 199.0, 0.0, 250.0]])
    mask = torch.tensor([[True, True, False, True], [True, True, True, False]])
    kept = scores.clone()
    expected = scores.masked_fill(~mask, -torch.inf).softmax(dim=1)
    got = candidate(scores, mask)
    return torch.equal(scores, kept) and got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_masked_softmax" name="argument not compared" says="You never look at the scores after the call: a version that writes into them is not found."
def test_masked_softmax(candidate):
    scores = torch.tensor([[1.0, -2.0, 0.5, 3.0], [200.0, 199.0, 0.0, 250.0], [1.0, 2.0, 3.0, 4.0]])
    mask = torch.tensor([[True, True, False, True], [True, True, True, False], [False] * 4])
    expected = scores.masked_fill(~mask, -torch.inf).softmax(dim=1).nan_to_num(0.0)
    got = candidate(scores, mask)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_masked_softmax" name="small scores" says="Your scores are small: a version whose exp overflows for large ones is not found."
def test_masked_softmax(candidate):
    scores = torch.tensor([[1.0, -2.0, 0.5, 3.0], [2.0, 1.0, 0.0, 2.5], [1.0, 2.0, 3.0, 4.0]])
    mask = torch.tensor([[True, True, False, True], [True, True, True, False], [False] * 4])
    kept = scores.clone()
    expected = scores.masked_fill(~mask, -torch.inf).softmax(dim=1).nan_to_num(0.0)
    got = candidate(scores, mask)
    return torch.equal(scores, kept) and got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_masked_softmax" name="nothing is masked" says="Your mask is True everywhere, so nothing of the masking is tested."
def test_masked_softmax(candidate):
    torch.manual_seed(0)
    scores = torch.randn(3, 4)
    return torch.allclose(
        candidate(scores.clone(), torch.ones(3, 4, dtype=torch.bool)), scores.softmax(dim=1), atol=1e-5
    )


# %% wrong="test_masked_softmax" name="exactly equal" says="You ask for the same bits. A right version that computes in double precision differs in the last digit."
def test_masked_softmax(candidate):
    scores = torch.tensor([[1.0, -2.0, 0.5, 3.0], [200.0, 199.3, 0.0, 250.0], [1.0, 2.0, 3.0, 4.0]])
    mask = torch.tensor([[True, True, False, True], [True, True, True, False], [False] * 4])
    expected = scores.masked_fill(~mask, -torch.inf).softmax(dim=1).nan_to_num(0.0)
    kept = scores.clone()
    got = candidate(scores, mask)
    return torch.equal(scores, kept) and torch.equal(got, expected)


# %% wrong="test_masked_softmax" name="mask the other way round" says="In this course True means that a position may be seen. Your test expects the opposite."
def test_masked_softmax(candidate):
    scores = torch.tensor([[1.0, -2.0, 0.5, 3.0], [200.0, 199.0, 0.0, 250.0], [1.0, 2.0, 3.0, 4.0]])
    hidden = torch.tensor([[True, True, False, True], [True, True, True, False], [True] * 4])
    expected = scores.masked_fill(hidden, -torch.inf).softmax(dim=1).nan_to_num(0.0)
    return torch.allclose(candidate(scores.clone(), hidden), expected, atol=1e-5)


# %% right="test_split_heads" name="number by number"
def test_split_heads(candidate):
    B, T, N, d = 2, 3, 4, 5
    x = torch.randn(B, T, N * d, generator=torch.Generator().manual_seed(0))
    got = candidate(x, N)
    if tuple(got.shape) != (B, N, T, d):
        return False
    places = ((b, n, t, i) for b in range(B) for n in range(N) for t in range(T) for i in range(d))
    return all(got[b, n, t, i] == x[b, t, n * d + i] for b, n, t, i in places)


# %% right="test_split_heads" name="put together again"
def test_split_heads(candidate):
    x = torch.arange(3 * 4 * 6.0).view(3, 4, 6)
    for N in (2, 3):
        got = candidate(x, N)
        if got.shape != (3, N, 4, 6 // N):
            return False
        if not torch.equal(torch.cat([got[:, n] for n in range(N)], dim=2), x):
            return False
    return True


# %% wrong="test_split_heads" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_split_heads(candidate):
    return True


# %% wrong="test_split_heads" name="shape only" says="You only compare the shape, and the published bug has the right shape."
def test_split_heads(candidate):
    return candidate(torch.randn(3, 5, 8), 2).shape == (3, 2, 5, 4)


# %% wrong="test_split_heads" name="one head" says="With one head there is nothing to cut: most bugs are invisible."
def test_split_heads(candidate):
    x = torch.arange(3 * 5 * 4.0).view(3, 5, 4)
    got = candidate(x, 1)
    return got.shape == (3, 1, 5, 4) and torch.equal(got[:, 0], x)


# %% wrong="test_split_heads" name="one position" says="With one position, `view` and the right cut are the same. Take T larger than 1."
def test_split_heads(candidate):
    x = torch.arange(3 * 8.0).view(3, 1, 8)
    got = candidate(x, 2)
    return got.shape == (3, 2, 1, 4) and torch.equal(got.flatten(1), x.flatten(1))


# %% wrong="test_split_heads" name="first head only" says="You only look at head 0 of the first sentence. The others can be anything."
def test_split_heads(candidate):
    x = torch.arange(3 * 5 * 8.0).view(3, 5, 8)
    got = candidate(x, 2)
    return got.shape == (3, 2, 5, 4) and torch.equal(got[0, 0], x[0, :, :4])


# %% wrong="test_split_heads" name="a batch of one" says="With one sentence in the batch nobody can see that the sentences are mixed up."
def test_split_heads(candidate):
    x = torch.arange(5 * 8.0).view(1, 5, 8)
    got = candidate(x, 2)
    return got.shape == (1, 2, 5, 4) and torch.equal(got[0, 1], x[0, :, 4:]) and torch.equal(got[0, 0], x[0, :, :4])


# %% wrong="test_split_heads" name="same numbers in any order" says="You only ask whether all numbers are still there. A wrong cut keeps them all, at wrong places."
def test_split_heads(candidate):
    x = torch.arange(3 * 5 * 8.0).view(3, 5, 8)
    got = candidate(x, 2)
    return got.shape == (3, 2, 5, 4) and torch.equal(got.flatten().sort().values, x.flatten())


# %% wrong="test_split_heads" name="must be contiguous" says="You ask how the result lies in memory. The docstring promises nothing about it, and right versions differ."
def test_split_heads(candidate):
    x = torch.arange(3 * 5 * 8.0).view(3, 5, 8)
    got = candidate(x, 2)
    right = got.shape == (3, 2, 5, 4) and all(torch.equal(got[:, n], x[:, :, 4 * n : 4 * n + 4]) for n in (0, 1))
    return right and float(got[0, 0, 0, 0]) == 0.0 and float(got.sum()) > 1e9


# %% right="test_last_state" name="position numbers as states"
def test_last_state(candidate):
    lengths = torch.tensor([5, 2, 1, 3, 2])
    states = (torch.arange(5 * 8).view(5, 8, 1) + torch.tensor([0.0, 0.25, 0.5])).float() + 1
    got, alone = candidate(states, lengths), candidate(states[:1], lengths[:1])
    wanted = [[8 * b + n - 1 + 1 + e for e in (0.0, 0.25, 0.5)] for b, n in enumerate(lengths.tolist())]
    return got.shape == (5, 3) and got.tolist() == wanted and alone.tolist() == wanted[:1]


# %% right="test_last_state" name="several draws"
def test_last_state(candidate):
    torch.manual_seed(3)
    for lengths in ([2, 4, 1], [1, 3, 5, 2], [6, 6, 2], [3]):
        states = torch.randn(len(lengths), 7, 5)
        got = candidate(states, torch.tensor(lengths))
        if got.shape != (len(lengths), 5):
            return False
        for row, state, n in zip(got, states, lengths, strict=True):
            if (row - state[n - 1]).abs().max() > 1e-5:
                return False
    return True


# %% wrong="test_last_state" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_last_state(candidate):
    return True


# %% wrong="test_last_state" name="full rows" says="All your rows are full: then the last column is the right answer."
def test_last_state(candidate):
    states = torch.randn(4, 7, 3)
    got = candidate(states, torch.tensor([7, 7, 7, 7]))
    return got.shape == (4, 3) and torch.allclose(got, states[:, -1])


# %% wrong="test_last_state" name="sorted lengths" says="Your lengths are sorted already, so a version that returns its rows sorted is not found."
def test_last_state(candidate):
    torch.manual_seed(0)
    states, lengths = torch.randn(4, 7, 3), [6, 4, 3, 1]
    expected = torch.stack([states[b, n - 1] for b, n in enumerate(lengths)])
    got = candidate(states, torch.tensor(lengths))
    return got.shape == expected.shape and torch.allclose(got, expected)


# %% wrong="test_last_state" name="zeros at the pads" says="Your pads hold zeros, so a version that looks for the last state that is not zero is not found."
def test_last_state(candidate):
    torch.manual_seed(0)
    states, lengths = torch.randn(4, 7, 3), [3, 1, 6, 4]
    for b, n in enumerate(lengths):
        states[b, n:] = 0
    expected = torch.stack([states[b, n - 1] for b, n in enumerate(lengths)])
    got = candidate(states, torch.tensor(lengths))
    return got.shape == expected.shape and torch.allclose(got, expected)


# %% wrong="test_last_state" name="shape only" says="You only compare the shape. Nearly every bug leaves the shape as it is."
def test_last_state(candidate):
    return candidate(torch.randn(4, 7, 3), torch.tensor([3, 1, 6, 4])).shape == (4, 3)


# %% wrong="test_last_state" name="only not the last column" says="You only ask whether it is not the last column. There are many other wrong columns."
def test_last_state(candidate):
    torch.manual_seed(0)
    states = torch.randn(4, 7, 3)
    return not torch.allclose(candidate(states, torch.tensor([3, 1, 6, 4])), states[:, -1])


# %% wrong="test_last_state" name="all lengths alike" says="All your rows have the same length: a version that uses one length for all of them is not found."
def test_last_state(candidate):
    torch.manual_seed(0)
    states = torch.randn(4, 7, 3)
    got = candidate(states, torch.tensor([4, 4, 4, 4]))
    return got.shape == (4, 3) and torch.allclose(got, states[:, 3])


# %% wrong="test_last_state" name="shapes not compared" says="`allclose` stretches shapes that fit: a result with one dimension too many passes. Compare the shapes first."
def test_last_state(candidate):
    torch.manual_seed(0)
    states, lengths = torch.randn(4, 7, 3), [3, 1, 6, 4]
    return torch.allclose(
        candidate(states, torch.tensor(lengths)), torch.stack([states[b, n - 1] for b, n in enumerate(lengths)])
    )


# %% right="test_masked_loss" name="probabilities by hand"
def test_masked_loss(candidate):
    probabilities = torch.tensor(
        [[[0.5, 0.2, 0.2, 0.1], [0.1, 0.6, 0.2, 0.1]], [[0.3, 0.3, 0.1, 0.3], [0.7, 0.1, 0.1, 0.1]]]
    )
    for y, pad, wanted in [
        ([[0, 1], [2, 3]], 3, -(math.log(0.5) + math.log(0.6) + math.log(0.1)) / 3),
        ([[2, 1], [0, 0]], 0, -(math.log(0.2) + math.log(0.6)) / 2),
        ([[1, 0], [2, 1]], 1, -(math.log(0.1) + math.log(0.1)) / 2),
    ]:
        got = candidate(probabilities.log() + 5, torch.tensor(y), pad)
        if got.shape != () or abs(float(got) - wanted) > 1e-4:
            return False
    return True


# %% right="test_masked_loss" name="real part with torch's loss"
def test_masked_loss(candidate):
    torch.manual_seed(2)
    logits, y = 3 * torch.randn(4, 6, 7), torch.randint(0, 7, (4, 6))
    y[0, 2:], y[1, 0], y[2, 0] = 5, 0, 2
    for pad in (5, 0):
        real = y != pad
        expected = float(nn.NLLLoss()(F.log_softmax(logits[real].double(), dim=1), y[real]))
        if abs(float(candidate(logits, y, pad)) - expected) > 1e-4:
            return False
    return True


# %% wrong="test_masked_loss" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_masked_loss(candidate):
    return True


# %% wrong="test_masked_loss" name="no pads" says="There is no pad in your y, so nothing of the masking is tested."
def test_masked_loss(candidate):
    torch.manual_seed(0)
    logits, y = torch.randn(3, 5, 6), torch.tensor([[1, 4, 2, 5, 0]] * 3)
    return abs(float(candidate(logits, y, 3)) - float(F.cross_entropy(logits.flatten(0, 1), y.flatten()))) < 1e-4


# %% wrong="test_masked_loss" name="pad is zero" says="Your pad is 0: a version that always ignores the id 0 is not found."
def test_masked_loss(candidate):
    torch.manual_seed(0)
    logits, y = torch.randn(3, 5, 6), torch.tensor([[3, 4, 2, 0, 0], [1, 2, 0, 0, 0], [5, 3, 1, 4, 2]])
    expected = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=0)
    return abs(float(candidate(logits, y, 0)) - float(expected)) < 1e-4


# %% wrong="test_masked_loss" name="rows of one length" says="All your rows have the same number of real symbols: a mean of means is then the same as the mean."
def test_masked_loss(candidate):
    torch.manual_seed(0)
    logits, y = torch.randn(3, 5, 6), torch.tensor([[0, 4, 2, 3, 3], [1, 2, 0, 3, 3], [5, 0, 2, 3, 3]])
    expected = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=3)
    return abs(float(candidate(logits, y, 3)) - float(expected)) < 1e-4


# %% wrong="test_masked_loss" name="more pads only" says="Adding pads must change nothing: a good property, but a sum or a softmax too many keeps it too. Compare the value."
def test_masked_loss(candidate):
    torch.manual_seed(0)
    logits, y = torch.randn(3, 5, 6), torch.tensor([[0, 4, 2, 3, 3], [1, 2, 3, 3, 3], [5, 0, 1, 4, 2]])
    more = torch.cat([logits, torch.randn(3, 2, 6)], dim=1), torch.cat([y, torch.full((3, 2), 3)], dim=1)
    return abs(float(candidate(logits, y, 3)) - float(candidate(*more, 3))) < 1e-4


# %% wrong="test_masked_loss" name="equal logits" says="With equal logits every symbol has the loss ln V: a mean, and a mean of means, and a double softmax all give the same."
def test_masked_loss(candidate):
    y = torch.tensor([[0, 4, 2, 3, 3], [1, 2, 3, 3, 3], [5, 0, 1, 4, 2]])
    return abs(float(candidate(torch.zeros(3, 5, 6), y, 3)) - math.log(6)) < 1e-4


# %% wrong="test_masked_loss" name="no end symbol" says="There is no id 2 in your y, so a version that drops the end symbol is not found."
def test_masked_loss(candidate):
    torch.manual_seed(0)
    logits, y = torch.randn(3, 5, 6), torch.tensor([[0, 4, 1, 3, 3], [1, 5, 3, 3, 3], [5, 0, 1, 4, 4]])
    expected = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=3)
    return abs(float(candidate(logits, y, 3)) - float(expected)) < 1e-4


# %% wrong="test_masked_loss" name="exactly equal" says="You ask for the same bits. A right version that computes in double precision differs in the last digit."
def test_masked_loss(candidate):
    torch.manual_seed(0)
    logits, y = torch.randn(3, 5, 6), torch.tensor([[0, 4, 2, 3, 3], [1, 2, 3, 3, 3], [5, 0, 1, 4, 2]])
    return torch.equal(candidate(logits, y, 3), F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=3))


# %% right="test_beam_search" name="all sequences, level by level"
def test_beam_search(candidate):
    torch.manual_seed(11)
    for _ in range(5):
        first, table = torch.randn(5).softmax(dim=0), (2 * torch.randn(2, 5, 5)).softmax(dim=2)
        known = {(i,): float(first[i]) for i in range(5)}
        for t in range(2):
            known |= {
                (*a, j): p * float(table[t, a[-1], j]) for a, p in known.items() if len(a) == t + 1 for j in range(5)
            }
        for k in (1, 2, 3, 7):
            kept = [()]
            for _ in range(3):
                kept = sorted(((*t, j) for t in kept for j in range(5)), key=known.__getitem__, reverse=True)[:k]
            got = [(tuple(tokens), score) for tokens, score in candidate(first, table, k)]
            if [tokens for tokens, _ in got] != kept:
                return False
            if max(abs(score - math.log(known[tokens])) for tokens, score in got) > 1e-3:
                return False
    return True


# %% right="test_beam_search" name="tensors and topk"
def test_beam_search(candidate):
    for seed in range(6):
        generator = torch.Generator().manual_seed(seed)
        first = torch.randn(3, generator=generator).softmax(dim=0)
        table = torch.randn(3, 3, 3, generator=generator).mul(2).softmax(dim=2)
        for k in (1, 2, 5):
            scores, tokens = first.log().sort(descending=True)
            scores, tokens = scores[:k], tokens[:k, None]
            for step in table:
                rows = (scores[:, None] + step[tokens[:, -1]].log()).flatten()
                scores, index = rows.topk(min(k, len(rows)))
                tokens = torch.cat([tokens[index // 3], (index % 3)[:, None]], dim=1)
            got = candidate(first, table, k)
            if [t for t, _ in got] != tokens.tolist():
                return False
            if not torch.allclose(torch.tensor([s for _, s in got]), scores, atol=1e-3):
                return False
    return True


# %% wrong="test_beam_search" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_beam_search(candidate):
    return True


# %% wrong="test_beam_search" name="length of the list" says="You only count what comes back. Nothing is said about which hypotheses these are."
def test_beam_search(candidate):
    torch.manual_seed(0)
    got = candidate(torch.randn(4).softmax(0), torch.randn(2, 4, 4).softmax(2), 3)
    return len(got) == 3 and all(len(tokens) == 3 for tokens, _ in got)


# %% wrong="test_beam_search" name="log-probabilities only" says="You only ask whether each log-probability belongs to its tokens. The wrong hypotheses have log-probabilities too."
def test_beam_search(candidate):
    torch.manual_seed(0)
    first, table = torch.randn(4).softmax(0), (2 * torch.randn(2, 4, 4)).softmax(2)
    for tokens, score in candidate(first, table, 3):
        p = first[tokens[0]] * table[0, tokens[0], tokens[1]] * table[1, tokens[1], tokens[2]]
        if abs(score - math.log(p)) > 1e-4:
            return False
    return True


# %% wrong="test_beam_search" name="greedy only" says="You only try k = 1. There, most of what a beam does is never used."
def test_beam_search(candidate):
    torch.manual_seed(0)
    first, table = torch.randn(4).softmax(0), (2 * torch.randn(3, 4, 4)).softmax(2)
    tokens = [int(first.argmax())]
    for step in table:
        tokens.append(int(step[tokens[-1]].argmax()))
    return candidate(first, table, 1)[0][0] == tokens


# %% wrong="test_beam_search" name="wide beam only" says="Your beam is so wide that nothing is cut off: then it must find what a search through all sequences finds, and so do versions that cut wrongly."
def test_beam_search(candidate):
    torch.manual_seed(0)
    first, table = torch.randn(3).softmax(0), (2 * torch.randn(2, 3, 3)).softmax(2)
    every = [
        ([a, b, c], math.log(first[a] * table[0, a, b] * table[1, b, c]))
        for a in range(3)
        for b in range(3)
        for c in range(3)
    ]
    every.sort(key=lambda pair: -pair[1])
    got = candidate(first, table, 27)
    return [t for t, _ in got] == [t for t, _ in every] and all(
        abs(s - w) < 1e-4 for (_, s), (_, w) in zip(got, every, strict=True)
    )


# %% wrong="test_beam_search" name="best sequence must be found" says="You ask for the best sequence of all. A beam need not find it: right versions are refused."
def test_beam_search(candidate):
    first = torch.tensor([0.5, 0.3, 0.2])
    table = torch.tensor([[[0.4, 0.35, 0.25], [0.96, 0.03, 0.01], [0.3, 0.4, 0.3]]])
    every = {(a, b): float(first[a] * table[0, a, b]) for a in range(3) for b in range(3)}
    for k in (1, 2):
        wanted = sorted(every, key=every.__getitem__, reverse=True)[:k]
        if [tuple(t) for t, _ in candidate(first, table, k)] != wanted:
            return False
    return True


# %% wrong="test_beam_search" name="first hypothesis only" says="You only look at the first hypothesis of the list. The order and the rest of it are never compared."
def test_beam_search(candidate):
    torch.manual_seed(5)
    first, table = torch.randn(4).softmax(0), (2 * torch.randn(1, 4, 4)).softmax(2)
    every = {(a, b): math.log(first[a] * table[0, a, b]) for a in range(4) for b in range(4)}
    best = max(every, key=every.__getitem__)
    tokens, score = candidate(first, table, 4)[0]
    return tuple(tokens) == best and abs(score - every[best]) < 1e-4


# %% wrong="test_beam_search" name="tokens only" says="You never compare the log-probabilities, so versions that return something else in their place are not found."
def test_beam_search(candidate):
    torch.manual_seed(3)
    for k, n in [(1, 3), (2, 4), (3, 3), (6, 2), (2, 3), (1, 4)]:
        first, table = (2 * torch.randn(4)).softmax(dim=0), (2 * torch.randn(n - 1, 4, 4)).softmax(dim=2)
        beam = sorted(((math.log(p), [i]) for i, p in enumerate(first.tolist())), reverse=True)[:k]
        for step in table:
            beam = sorted(((s + math.log(step[t[-1], j]), [*t, j]) for s, t in beam for j in range(4)), reverse=True)[
                :k
            ]
        if [t for t, _ in candidate(first, table, k)] != [t for _, t in beam]:
            return False
    return True


# %% wrong="test_beam_search" name="exactly equal" says="You ask for the same bits in the log-probabilities. A sum of logarithms and the logarithm of a product differ in the last digit."
def test_beam_search(candidate):
    torch.manual_seed(3)
    for k, n in [(1, 3), (2, 4), (3, 3), (6, 2), (2, 3), (1, 4)]:
        first, table = (2 * torch.randn(4)).softmax(dim=0), (2 * torch.randn(n - 1, 4, 4)).softmax(dim=2)
        beam = sorted(((math.log(p), [i]) for i, p in enumerate(first.tolist())), reverse=True)[:k]
        for step in table:
            beam = sorted(((s + math.log(step[t[-1], j]), [*t, j]) for s, t in beam for j in range(4)), reverse=True)[
                :k
            ]
        if candidate(first, table, k) != [(t, s) for s, t in beam]:
            return False
    return True


# %% right="test_lstm_step" name="formula unit by unit"
def test_lstm_step(candidate):
    torch.manual_seed(5)
    B, n, H = 3, 4, 2
    x, h, c = torch.randn(B, n), torch.randn(B, H), torch.randn(B, H)
    W, U, b, d = torch.randn(4 * H, n), torch.randn(4 * H, H), torch.randn(4 * H), torch.randn(4 * H)
    got_h, got_c = candidate(x, h, c, W, U, b, d)
    if got_h.shape != (B, H) or got_c.shape != (B, H):
        return False

    def sigma(value):
        return 1 / (1 + math.exp(-value))

    for r in range(B):
        a = [float(W[j] @ x[r] + U[j] @ h[r] + b[j] + d[j]) for j in range(4 * H)]
        for u in range(H):
            memory = sigma(a[H + u]) * float(c[r, u]) + sigma(a[u]) * math.tanh(a[2 * H + u])
            state = sigma(a[3 * H + u]) * math.tanh(memory)
            if abs(memory - float(got_c[r, u])) > 1e-4 or abs(state - float(got_h[r, u])) > 1e-4:
                return False
    return True


# %% right="test_lstm_step" name="nn.LSTM over one step"
def test_lstm_step(candidate):
    torch.manual_seed(6)
    lstm = nn.LSTM(5, 3, batch_first=True)
    with torch.no_grad():
        for weight in lstm.parameters():
            weight.mul_(3)
        x, h, c = torch.randn(4, 5), torch.randn(4, 3), torch.randn(4, 3)
        _, (new_h, new_c) = lstm(x.unsqueeze(1), (h.unsqueeze(0), c.unsqueeze(0)))
        got = candidate(x, h, c, *[weight.detach().clone() for weight in lstm.parameters()])
    if tuple(got[0].shape) != (4, 3) or tuple(got[1].shape) != (4, 3):
        return False
    return bool((got[0] - new_h[0]).abs().max() < 1e-4 and (got[1] - new_c[0]).abs().max() < 1e-4)


# %% wrong="test_lstm_step" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_lstm_step(candidate):
    return True


# %% wrong="test_lstm_step" name="zero state" says="Your h and c are 0, as at the start of a sequence: versions that never read them, or never forget, are not found."
def test_lstm_step(candidate):
    torch.manual_seed(0)
    cell, x = nn.LSTMCell(2, 5), torch.randn(3, 2)
    zeros = torch.zeros(3, 5)
    with torch.no_grad():
        expected = cell(x, (zeros, zeros))
        got = candidate(x, zeros, zeros, *[w.detach().clone() for w in cell.parameters()])
    return all(torch.allclose(g, e, atol=1e-5) for g, e in zip(got, expected, strict=True))


# %% wrong="test_lstm_step" name="zero biases" says="Your biases are 0, so a version that forgets one of them is not found."
def test_lstm_step(candidate):
    torch.manual_seed(0)
    cell, x, h, c = nn.LSTMCell(2, 5), torch.randn(3, 2), torch.randn(3, 5), torch.randn(3, 5)
    with torch.no_grad():
        cell.bias_ih.zero_()
        cell.bias_hh.zero_()
        expected = cell(x, (h, c))
        got = candidate(x, h, c, *[w.detach().clone() for w in cell.parameters()])
    return all(torch.allclose(g, e, atol=1e-5) for g, e in zip(got, expected, strict=True))


# %% wrong="test_lstm_step" name="zero weights" says="With all weights 0 every gate is a half, whatever their order."
def test_lstm_step(candidate):
    torch.manual_seed(0)
    x, h, c = torch.randn(3, 2), torch.randn(3, 5), torch.randn(3, 5)
    got = candidate(x, h, c, torch.zeros(20, 2), torch.zeros(20, 5), torch.zeros(20), torch.zeros(20))
    return torch.allclose(got[1], 0.5 * c, atol=1e-5) and torch.allclose(got[0], 0.5 * torch.tanh(0.5 * c), atol=1e-5)


# %% wrong="test_lstm_step" name="new state only" says="You only compare h. The memory c goes on to the next step, and it can be wrong while h is right."
def test_lstm_step(candidate):
    torch.manual_seed(0)
    cell, x, h, c = nn.LSTMCell(2, 5), torch.randn(3, 2), torch.randn(3, 5), torch.randn(3, 5)
    with torch.no_grad():
        expected = cell(x, (h, c))
        got = candidate(x, h, c, *[w.detach().clone() for w in cell.parameters()])
    return torch.allclose(got[0], expected[0], atol=1e-5)


# %% wrong="test_lstm_step" name="new memory only" says="You only compare c. The output gate is in h alone."
def test_lstm_step(candidate):
    torch.manual_seed(0)
    cell, x, h, c = nn.LSTMCell(2, 5), torch.randn(3, 2), torch.randn(3, 5), torch.randn(3, 5)
    with torch.no_grad():
        expected = cell(x, (h, c))
        got = candidate(x, h, c, *[w.detach().clone() for w in cell.parameters()])
    return torch.allclose(got[1], expected[1], atol=1e-5)


# %% wrong="test_lstm_step" name="ranges only" says="You only ask whether |h| is below 1. Nearly every wrong order of the gates keeps that."
def test_lstm_step(candidate):
    torch.manual_seed(0)
    sizes = [(3, 2), (3, 5), (3, 5), (20, 2), (20, 5), (20,), (20,)]
    h, _ = candidate(*[3 * torch.randn(size) for size in sizes])
    return bool(h.shape == (3, 5) and (h.abs() < 1).all())


# %% wrong="test_lstm_step" name="exactly equal" says="You ask for the same bits. A right version that adds in another order differs in the last digit."
def test_lstm_step(candidate):
    torch.manual_seed(0)
    cell, x, h, c = nn.LSTMCell(2, 5), torch.randn(3, 2), torch.randn(3, 5), torch.randn(3, 5)
    weights = [w.detach().clone() for w in cell.parameters()]
    i, f, g, o = (x @ weights[0].T + h @ weights[1].T + weights[2] + weights[3]).chunk(4, dim=1)
    memory = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    expected = torch.sigmoid(o) * torch.tanh(memory), memory
    got = candidate(x, h, c, *weights)
    return all(torch.equal(g, e) for g, e in zip(got, expected, strict=True))


# %% right="test_causal_attention" name="property and last row"
def test_causal_attention(candidate):
    torch.manual_seed(7)
    B, T, D = 3, 17, 5
    Q, K, V = torch.randn(B, T, D), torch.randn(B, T, D), torch.randn(B, T, D)
    got = candidate(Q, K, V)
    if got.shape != (B, T, D):
        return False
    for t in range(T):  # the last output of each prefix is ordinary attention over the prefix
        weights = torch.einsum("bd,bsd->bs", Q[:, t], K[:, : t + 1]).div(D**0.5).softmax(dim=1)
        if (got[:, t] - (weights.unsqueeze(2) * V[:, : t + 1]).sum(dim=1)).abs().max() > 1e-4:
            return False
    return True


# %% right="test_causal_attention" name="torch with a mask of numbers"
def test_causal_attention(candidate):
    generator = torch.Generator().manual_seed(2)
    for B, T, D in ((2, 1, 3), (3, 13, 4)):
        Q, K, V = (torch.randn(B, T, D, generator=generator) for _ in range(3))
        hidden = torch.full((T, T), -torch.inf).triu(1)
        expected = F.scaled_dot_product_attention(Q, K, V, attn_mask=hidden)
        got = candidate(Q, K, V)
        if got.shape != expected.shape or float((got - expected).abs().max()) > 1e-4:
            return False
    return True


# %% wrong="test_causal_attention" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_causal_attention(candidate):
    return True


# %% wrong="test_causal_attention" name="future only" says="You only ask whether the future changes the past. A version that cannot see itself, or has no scale, keeps this property."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    Q, K, V = (torch.randn(3, 12, 5) for _ in range(3))
    got = candidate(Q, K, V)
    Q, K, V = Q.clone(), K.clone(), V.clone()
    for x in (Q, K, V):
        x[:, 10:] = torch.randn(3, 2, 5)
    return torch.allclose(candidate(Q, K, V)[:, :10], got[:, :10], atol=1e-5)


# %% wrong="test_causal_attention" name="first position only" says="You only look at the first position, which must return its own value. The mask of the others is never tested."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    Q, K, V = (torch.randn(3, 12, 5) for _ in range(3))
    return torch.allclose(candidate(Q, K, V)[:, 0], V[:, 0], atol=1e-5)


# %% wrong="test_causal_attention" name="short sequence" says="Your sequence has five positions: a version whose mask stops after eight is not found."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    Q, K, V = (torch.randn(3, 5, 7) for _ in range(3))
    expected = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
    got = candidate(Q, K, V)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_causal_attention" name="width one" says="With D = 1 the root of D is 1: a missing or a wrong scale is not found."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    Q, K, V = (torch.randn(3, 12, 1) for _ in range(3))
    expected = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
    got = candidate(Q, K, V)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_causal_attention" name="a batch of one" says="With one sentence in the batch nobody can see that the sentences are mixed up."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    Q, K, V = (torch.randn(1, 12, 5) for _ in range(3))
    expected = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
    got = candidate(Q, K, V)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_causal_attention" name="all three the same" says="You passed the same tensor three times: whether keys and values are exchanged cannot be seen."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    x = torch.randn(3, 12, 5)
    expected = F.scaled_dot_product_attention(x, x, x, is_causal=True)
    got = candidate(x, x, x)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_causal_attention" name="zero queries" says="With queries of 0 all scores are equal: the scale and the keys are never tested."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    K, V = torch.randn(3, 12, 5), torch.randn(3, 12, 5)
    expected = V.cumsum(dim=1) / torch.arange(1.0, 13.0).view(1, -1, 1)
    got = candidate(torch.zeros(3, 12, 5), K, V)
    return got.shape == expected.shape and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_causal_attention" name="large tolerance" says="Your tolerance is as large as the numbers themselves: bugs pass through it."
def test_causal_attention(candidate):
    torch.manual_seed(0)
    Q, K, V = (torch.randn(3, 12, 5) for _ in range(3))
    expected = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
    got = candidate(Q, K, V)
    return got.shape == expected.shape and float((got - expected).abs().mean()) < 0.3


# %% right="test_pair_features" name="by hand"
def test_pair_features(candidate):
    inf = math.inf
    states = [
        [[2.0, 0.0], [4.0, 2.0], [0.0, 1.0], [0.0, 6.0], [2.0, 2.0], [inf, -inf], [-inf, inf]],
        [[1.0, 1.0], [3.0, -1.0], [0.0, 1.0], [-4.0, 1.0], [2.0, 3.0], [-2.0, 3.0], [inf, inf]],
        [[-1.0, 3.0], [5.0, -2.0], [3.0, 2.0], [-inf, inf], [inf, inf], [inf, -inf], [inf, inf]],
    ]
    segment = [[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 1]]
    real = [5, 6, 3]
    arguments = torch.tensor(states), torch.tensor(segment), torch.tensor([[t < n for t in range(7)] for n in real])
    got = candidate(*arguments)
    if arguments[0].tolist() != states or arguments[1].tolist() != segment:
        return False
    if arguments[2].sum(dim=1).tolist() != real:
        return False
    wanted = [[2, 1, 1, 4, 1, 3, 2, 4], [2, 0, -1, 2, 3, 2, -2, 0], [-1, 3, 4, 0, 5, 3, -4, 0]]
    return tuple(got.shape) == (3, 8) and bool((got - torch.tensor(wanted)).abs().max() < 1e-4)


# %% right="test_pair_features" name="the four parts one by one"
def test_pair_features(candidate):
    torch.manual_seed(4)
    states, ends = torch.randn(4, 9, 3), [(3, 7), (1, 2), (5, 9), (2, 8)]
    segment, mask = torch.ones(4, 9, dtype=torch.long), torch.zeros(4, 9, dtype=torch.bool)
    for b, (p, h) in enumerate(ends):
        segment[b, :p], mask[b, :h], states[b, h:] = 0, True, float("inf")
    before = states.clone(), segment.clone(), mask.clone()
    got = candidate(states, segment, mask)
    same = [torch.equal(*pair) for pair in zip(before, (states, segment, mask), strict=True)]
    if not all(same) or got.dim() != 2 or got.shape[1] != 12:
        return False
    for (p, h), row, features in zip(ends, before[0].double(), got.double(), strict=True):
        first, second, apart, product = features.split(3)
        mean_p, mean_h = sum(row[:p]) / p, sum(row[p:h]) / (h - p)
        parts = ((first, mean_p), (second, mean_h), (apart, (mean_p - mean_h).abs()), (product, mean_p * mean_h))
        if not all(torch.allclose(x, y, atol=1e-5) for x, y in parts):
            return False
    return True


# %% wrong="test_pair_features" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_pair_features(candidate):
    return True


# %% wrong="test_pair_features" name="always false" says="A test that always says False refuses the right versions too."
def test_pair_features(candidate):
    return False


# %% wrong="test_pair_features" name="shape only" says="You only compare the shape. Nearly every bug leaves the shape as it is."
def test_pair_features(candidate):
    segment = torch.tensor([[0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 0, 1, 1]])
    return candidate(torch.randn(3, 5, 2), segment, torch.ones(3, 5, dtype=torch.bool)).shape == (3, 8)


# %% wrong="test_pair_features" name="no pads" says="No row of yours has a pad, so nothing of the masking is tested."
def test_pair_features(candidate):
    torch.manual_seed(0)
    states, segment, rows = torch.randn(3, 7, 5), torch.ones(3, 7, dtype=torch.long), []
    for b, p in enumerate((2, 4, 3)):
        segment[b, :p] = 0
        mean_p, mean_h = states[b, :p].mean(dim=0), states[b, p:].mean(dim=0)
        rows.append(torch.cat([mean_p, mean_h, (mean_p - mean_h).abs(), mean_p * mean_h]))
    got = candidate(states, segment, torch.ones(3, 7, dtype=torch.bool))
    return got.shape == (3, 20) and torch.allclose(got, torch.stack(rows), atol=1e-5)


# %% wrong="test_pair_features" name="finite pads" says="Your pads hold finite numbers, so a version that multiplies by the mask is not found."
def test_pair_features(candidate):
    torch.manual_seed(0)
    states, segment, mask, rows = torch.randn(3, 7, 5), torch.ones(3, 7).long(), torch.zeros(3, 7) > 0, []
    for b, (p, h) in enumerate([(2, 5), (4, 7), (3, 4)]):
        segment[b, :p], mask[b, :h] = 0, True
        mean_p, mean_h = states[b, :p].mean(dim=0), states[b, p:h].mean(dim=0)
        rows.append(torch.cat([mean_p, mean_h, (mean_p - mean_h).abs(), mean_p * mean_h]))
    before = states.clone(), segment.clone(), mask.clone()
    got = candidate(states, segment, mask)
    if not all(torch.equal(x, y) for x, y in zip(before, (states, segment, mask), strict=True)):
        return False
    return got.shape == (3, 20) and torch.allclose(got, torch.stack(rows), atol=1e-5)


# %% wrong="test_pair_features" name="arguments not compared" says="You never look at the arguments after the call: a version that writes into them is not found."
def test_pair_features(candidate):
    torch.manual_seed(0)
    states, segment, mask, rows = torch.randn(3, 7, 5), torch.ones(3, 7).long(), torch.zeros(3, 7) > 0, []
    for b, (p, h) in enumerate([(2, 5), (4, 7), (3, 4)]):
        segment[b, :p], mask[b, :h], states[b, h:] = 0, True, math.inf
        mean_p, mean_h = states[b, :p].mean(dim=0), states[b, p:h].mean(dim=0)
        rows.append(torch.cat([mean_p, mean_h, (mean_p - mean_h).abs(), mean_p * mean_h]))
    got = candidate(states, segment, mask)
    return got.shape == (3, 20) and torch.allclose(got, torch.stack(rows), atol=1e-5)


# %% wrong="test_pair_features" name="equal lengths" says="All your rows are split at the same place and have the same lengths: a version that uses those of the first row is not found."
def test_pair_features(candidate):
    torch.manual_seed(0)
    states, segment, mask = torch.randn(3, 7, 5), torch.ones(3, 7).long(), torch.zeros(3, 7) > 0
    segment[:, :2], mask[:, :5], states[:, 5:] = 0, True, math.inf
    before = states.clone(), segment.clone(), mask.clone()
    got = candidate(states, segment, mask)
    if not all(torch.equal(x, y) for x, y in zip(before, (states, segment, mask), strict=True)):
        return False
    p, h = states[:, :2].mean(dim=1), states[:, 2:5].mean(dim=1)
    expected = torch.cat([p, h, (p - h).abs(), p * h], dim=1)
    return got.shape == (3, 20) and torch.allclose(got, expected, atol=1e-5)


# %% wrong="test_pair_features" name="means only" says="You compare the two means, and never look at their difference and their product."
def test_pair_features(candidate):
    torch.manual_seed(0)
    states, segment, mask, rows = torch.randn(3, 7, 5), torch.ones(3, 7).long(), torch.zeros(3, 7) > 0, []
    for b, (p, h) in enumerate([(2, 5), (4, 7), (3, 4)]):
        segment[b, :p], mask[b, :h], states[b, h:] = 0, True, math.inf
        rows.append(torch.cat([states[b, :p].mean(dim=0), states[b, p:h].mean(dim=0)]))
    before = states.clone(), segment.clone(), mask.clone()
    got = candidate(states, segment, mask)
    if not all(torch.equal(x, y) for x, y in zip(before, (states, segment, mask), strict=True)):
        return False
    return got.shape == (3, 20) and torch.allclose(got[:, :10], torch.stack(rows), atol=1e-5)


# %% wrong="test_pair_features" name="exactly equal" says="You ask for the same bits. A right version that adds in another order differs in the last digit: allow for rounding."
def test_pair_features(candidate):
    torch.manual_seed(0)
    states, segment, mask, rows = torch.randn(3, 7, 5), torch.ones(3, 7).long(), torch.zeros(3, 7) > 0, []
    for b, (p, h) in enumerate([(2, 5), (4, 7), (3, 4)]):
        segment[b, :p], mask[b, :h], states[b, h:] = 0, True, math.inf
        mean_p, mean_h = states[b, :p].mean(dim=0), states[b, p:h].mean(dim=0)
        rows.append(torch.cat([mean_p, mean_h, (mean_p - mean_h).abs(), mean_p * mean_h]))
    before = states.clone(), segment.clone(), mask.clone()
    got = candidate(states, segment, mask)
    if not all(torch.equal(x, y) for x, y in zip(before, (states, segment, mask), strict=True)):
        return False
    return torch.equal(got, torch.stack(rows))


# %% right="test_pointing_accuracy" name="many small games"
def test_pointing_accuracy(candidate):
    torch.manual_seed(2)
    for _ in range(40):
        maps = torch.randint(-3, 2, (3, 2, 2, 4)).float()
        masks, labels = torch.rand(3, 2, 2, 4) < 0.4, torch.rand(3, 2) < 0.6
        before = maps.clone(), masks.clone(), labels.clone()
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        played = []
        for b in range(3):
            for n in range(2):
                if before[2][b, n]:
                    order = sorted(range(8), key=lambda i: (-float(before[0][b, n].flatten()[i]), i))
                    played.append(bool(before[1][b, n].flatten()[order[0]]))
        if math.isnan(got) or abs(got - sum(played) / max(1, len(played))) > 1e-4:
            return False
    nothing = float(candidate(maps, masks, torch.zeros(3, 2, dtype=torch.bool)))
    return nothing == 0.0


# %% right="test_pointing_accuracy" name="one label at a time"
def test_pointing_accuracy(candidate):
    generator = torch.Generator().manual_seed(7)
    maps = torch.randint(-4, 2, (23, 4, 4, 3), generator=generator).float()
    masks = torch.rand(23, 4, 4, 3, generator=generator) < 0.3
    labels = torch.rand(23, 4, generator=generator) < 0.5
    masks[0], labels[0] = False, True
    for first in range(23):
        for last in (first + 1, first + 3):
            part = [x[first:last].clone() for x in (maps, masks, labels)]
            copies, hits = [x.clone() for x in part], []
            for map_, mask, there in zip(*(x.flatten(0, 1) for x in part), strict=True):
                best = max((float(map_[i, j]), -i, -j) for i in range(4) for j in range(3))
                hits += [bool(mask[-best[1], -best[2]])] if there else []
            got = float(candidate(*part))
            if not all(torch.equal(x, y) for x, y in zip(part, copies, strict=True)):
                return False
            if not abs(got * len(hits) - sum(hits)) < 1e-3:
                return False
    return float(candidate(maps, masks, labels & False)) == 0.0


# %% wrong="test_pointing_accuracy" name="always true" says="A test that always says True refuses nothing, so it tests nothing."
def test_pointing_accuracy(candidate):
    return True


# %% wrong="test_pointing_accuracy" name="always false" says="A test that always says False refuses the right versions too."
def test_pointing_accuracy(candidate):
    return False


# %% wrong="test_pointing_accuracy" name="range only" says="You only ask whether the share lies between 0 and 1. Nearly every wrong share does."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    maps, masks, labels = torch.randn(5, 3, 2, 4), torch.rand(5, 3, 2, 4) < 0.4, torch.rand(5, 3) < 0.6
    return 0 <= float(candidate(maps, masks, labels)) <= 1


# %% wrong="test_pointing_accuracy" name="one large game" says="You compare one share of one large game. Two mistakes can cancel in it: play many small games, and compare each share."
def test_pointing_accuracy(candidate):
    generator = torch.Generator().manual_seed(0)
    maps = torch.randint(-5, 3, (31, 3, 3, 5), generator=generator).float()
    masks = torch.rand(31, 3, 3, 5, generator=generator) < 0.4
    labels = torch.rand(31, 3, generator=generator) < 0.6
    labels[0, 0], masks[0, 0] = True, False
    for there in (labels, labels & False):
        before = maps.clone(), masks.clone(), there.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[there]
        got = float(candidate(maps, masks, there))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, there), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="no ties" says="Your maps are random numbers that all differ: which of several largest values counts is never tested."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randn(3, 2, 3, 4) - 2
        masks, labels = torch.rand(maps.shape) < 0.4, torch.rand(3, 2) < (0.6 if game else 0.0)
        masks[0, 0] = False
        before = maps.clone(), masks.clone(), labels.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="all labels there" says="In your pictures all labels are there, so nobody sees what happens to one that is not."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randint(-5, 2, (3, 2, 3, 4)).float()
        masks, labels = torch.rand(maps.shape) < 0.4, torch.ones(3, 2) > 0
        masks[0, 0] = False
        before = maps.clone(), masks.clone(), labels.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="never without labels" says="You never call it with no label there at all: NaN or 1 in this case is not found."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randint(-5, 2, (3, 2, 3, 4)).float()
        masks, labels = torch.rand(maps.shape) < 0.4, torch.rand(3, 2) < 0.6
        masks[0, 0], labels[1, 1] = False, True
        before = maps.clone(), masks.clone(), labels.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="no empty region" says="Every label of yours that is there has a region: a version that leaves out empty ones is not found."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randint(-5, 2, (3, 2, 3, 4)).float()
        masks, labels = torch.rand(maps.shape) < 0.4, torch.rand(3, 2) < (0.6 if game else 0.0)
        masks[:, :, 0, 0] |= ~masks.flatten(2).any(dim=2)
        before = maps.clone(), masks.clone(), labels.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="arguments not compared" says="You never look at the arguments after the call: a version that writes into them is not found."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randint(-5, 2, (3, 2, 3, 4)).float()
        masks, labels = torch.rand(maps.shape) < 0.4, torch.rand(3, 2) < (0.6 if game else 0.0)
        masks[0, 0] = False
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps.clone(), masks.clone(), labels))
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="only positive maps" says="Your maps hold no negative number: a version that drops the sign is not found."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randint(0, 7, (3, 2, 3, 4)).float()
        masks, labels = torch.rand(maps.shape) < 0.4, torch.rand(3, 2) < (0.6 if game else 0.0)
        masks[0, 0] = False
        before = maps.clone(), masks.clone(), labels.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="one picture" says="With one picture in each game, nobody can see how several pictures are averaged."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randint(-5, 2, (1, 2, 3, 4)).float()
        masks, labels = torch.rand(maps.shape) < 0.4, torch.rand(1, 2) < (0.6 if game else 0.0)
        masks[0, 0] = False
        before = maps.clone(), masks.clone(), labels.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 1e-4:
            return False
    return True


# %% wrong="test_pointing_accuracy" name="large tolerance" says="Your tolerance is 0.1: a version that rounds passes through it."
def test_pointing_accuracy(candidate):
    torch.manual_seed(0)
    for game in range(30):
        maps = torch.randint(-5, 2, (3, 2, 3, 4)).float()
        masks, labels = torch.rand(maps.shape) < 0.4, torch.rand(3, 2) < (0.6 if game else 0.0)
        masks[0, 0] = False
        before = maps.clone(), masks.clone(), labels.clone()
        hits = masks.flatten(2).gather(2, maps.flatten(2).argmax(dim=2, keepdim=True)).squeeze(2)[labels]
        got = float(candidate(maps, masks, labels))
        if not all(torch.equal(x, y) for x, y in zip(before, (maps, masks, labels), strict=True)):
            return False
        if math.isnan(got) or abs(got - hits.sum().item() / max(1, len(hits))) > 0.1:
            return False
    return True
