# %% [markdown]
# The answer catalogue of 05_bahdanau_attention: right answers that look different, and wrong answers that students give.


# %% [markdown]
# ## additive_score


# %% right="additive_score" name="einsum"
def additive_score(q, K, W, U, v):
    from_query = torch.einsum("ad,bd->ba", W, q)
    from_keys = torch.einsum("ad,bsd->bsa", U, K)
    return torch.einsum("a,bsa->bs", v, (from_query[:, None, :] + from_keys).tanh())


# %% right="additive_score" name="concatenated"
def additive_score(q, K, W, U, v):
    B, n, _ = K.shape
    both = torch.cat([q.unsqueeze(1).expand(B, n, q.shape[1]), K], dim=2)
    return torch.tanh(F.linear(both, torch.cat([W, U], dim=1))).matmul(v)


# %% right="additive_score" name="a loop over the words"
def additive_score(q, K, W, U, v):
    scores = []
    for j in range(K.shape[1]):
        scores.append(torch.tanh(F.linear(q, W) + F.linear(K[:, j], U)) @ v)
    return torch.stack(scores, dim=1)


# %% wrong="additive_score" name="zeros" says="All scores are 0, so every word gets the same weight, and nothing can be learned."
def additive_score(q, K, W, U, v):
    return torch.zeros(K.shape[0], K.shape[1])


# %% wrong="additive_score" name="ones" says="All scores are 1, whatever the query and the keys are."
def additive_score(q, K, W, U, v):
    return torch.ones(K.shape[0], K.shape[1])


# %% wrong="additive_score" name="tanh missing" says="Without tanh the query adds the same number to all scores, and the softmax cancels it: the decoder can never choose where to look."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return hidden @ v


# %% wrong="additive_score" name="query ignored" says="The query is not used, so the weights are the same at every step of the sentence."
def additive_score(q, K, W, U, v):
    hidden = K @ U.T
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="keys ignored" says="The keys are not used, so all words of a sentence get the same score."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1).expand(-1, K.shape[1], -1)
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="two tanh, then the sum" says="tanh of each part and then the sum is not tanh of the sum: the query's part is again the same for all keys, and the softmax cancels it."
def additive_score(q, K, W, U, v):
    return (torch.tanh(q @ W.T).unsqueeze(1) + torch.tanh(K @ U.T)) @ v


# %% wrong="additive_score" name="tanh outside" says="tanh comes after v, so a score lies between -1 and 1, and the sum inside is linear again."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden @ v)


# %% wrong="additive_score" name="sigmoid" says="The nonlinearity of the formula is tanh; a sigmoid gives other scores."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.sigmoid(hidden) @ v


# %% wrong="additive_score" name="relu" says="The nonlinearity of the formula is tanh; relu gives other scores."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.relu(hidden) @ v


# %% wrong="additive_score" name="v missing" says="The A hidden numbers are added up without v, so each counts the same."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden).sum(dim=-1)


# %% wrong="additive_score" name="product of query and key" says="The two parts are multiplied; in additive attention they are added."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) * (K @ U.T)
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="softmax inside" says="These are weights already. The function returns scores; the softmax comes later, with the mask."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.softmax(torch.tanh(hidden) @ v, dim=1)


# %% wrong="additive_score" name="divided by the root of A" says="The score of this formula is not scaled; that is another attention."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ v / len(v) ** 0.5


# %% wrong="additive_score" name="sign of the query" says="W q is subtracted; the formula adds it."
def additive_score(q, K, W, U, v):
    hidden = K @ U.T - (q @ W.T).unsqueeze(1)
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="one query for the whole batch" says="Every sentence of the batch is asked with the query of the first one."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T)[:1].unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="matrices not transposed" says="Rows of W and U are outputs: W q is q @ W.T in a batch. Without the transpose the shapes only fit by luck, and the numbers are wrong."
def additive_score(q, K, W, U, v):
    hidden = (q @ (W if q.shape[1] == len(W) else W.T)).unsqueeze(1) + K @ (U if K.shape[2] == len(U) else U.T)
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="query with U, keys with W" says="W belongs to the query and U to the keys; here they are exchanged wherever the sizes allow it."
def additive_score(q, K, W, U, v):
    if W.shape == U.shape:
        W, U = U, W
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="query added by position" says="Where batch and length are the same number, query j is added to word j of every sentence, and not query b to sentence b."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(0 if q.shape[0] == K.shape[1] else 1) + K @ U.T
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="a column too many" says="The scores have the shape [B, S, 1]; the last dimension must go."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ v.unsqueeze(1)


# %% wrong="additive_score" name="summed over the words" says="The sum goes over the words and not over the A hidden numbers: there are A results for a sentence, and none of them belongs to a word."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return (torch.tanh(hidden) * v).sum(dim=1)


# %% wrong="additive_score" name="squeeze" says="squeeze() drops every dimension of size 1, also the batch of one sentence."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return (torch.tanh(hidden) @ v.unsqueeze(1)).squeeze()


# %% wrong="additive_score" name="query detached" says="detach() cuts the query off: the decoder never learns to ask."
def additive_score(q, K, W, U, v):
    hidden = (q.detach() @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="v without gradient" says="v.data has no gradient, so v is never learned."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ v.data


# %% wrong="additive_score" name="no_grad" says="no_grad() cuts all gradients: nothing of the score can be learned."
def additive_score(q, K, W, U, v):
    with torch.no_grad():
        hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ v


# %% wrong="additive_score" name="query changed in place" says="The caller's queries are overwritten where the sizes allow it, and the next step of the decoder begins with a wrong state."
def additive_score(q, K, W, U, v):
    asked = q @ W.T
    if asked.shape == q.shape and not q.requires_grad:
        asked = q.copy_(asked)
    return torch.tanh(asked.unsqueeze(1) + K @ U.T) @ v


# %% wrong="additive_score" name="v changed in place" says="v is normalised in place: the next call finds another v."
def additive_score(q, K, W, U, v):
    if not v.requires_grad:
        old = v.clone()
        v /= v.norm()
    else:
        old = v
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return torch.tanh(hidden) @ old


# %% wrong="additive_score" name="tanh written with exp" says="exp of a large number is infinite, and inf / inf is NaN. torch.tanh knows a way round it."
def additive_score(q, K, W, U, v):
    z = (q @ W.T).unsqueeze(1) + K @ U.T
    return ((z.exp() - (-z).exp()) / (z.exp() + (-z).exp())) @ v


# %% wrong="additive_score" name="squeezed" says="squeeze takes away the size of 1 of a source with one word: the scores are no longer [B, S]."
def additive_score(q, K, W, U, v):
    hidden = (q @ W.T).unsqueeze(1) + K @ U.T
    return (torch.tanh(hidden) @ v).squeeze(1)


# %% [markdown]
# ## masked_softmax


# %% right="masked_softmax" name="where, exp and a safe sum"
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype is not torch.bool:
        raise ValueError(f"bool mask expected, got {mask.dtype}")
    scores = torch.where(mask, scores, torch.tensor(-1e30))
    largest = scores.max(dim=dim, keepdim=True).values.detach()
    powers = torch.where(mask, torch.exp(scores - largest), torch.tensor(0.0))
    total = powers.sum(dim=dim, keepdim=True)
    return powers / torch.where(total > 0, total, torch.ones_like(total))


# %% right="masked_softmax" name="minus infinity, rows without words rescued first"
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("The mask must have dtype torch.bool.")
    mask = mask.expand_as(scores)
    empty = ~mask.any(dim=dim, keepdim=True)
    filled = scores.masked_fill(~mask, float("-inf")).masked_fill(empty, 0.0)
    return torch.softmax(filled, dim=dim) * mask


# %% right="masked_softmax" name="log-softmax"
def masked_softmax(scores, mask, dim=-1):
    if not mask.dtype == torch.bool:
        raise ValueError("mask is not bool")
    clean = scores.clone()
    clean[(~mask).expand_as(scores)] = -1e38
    return F.log_softmax(clean, dim).exp().masked_fill(~mask, 0)


# %% right="masked_softmax" name="minus infinity, NaN mended"
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError(f"need a bool mask, not {mask.dtype}")
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=dim).nan_to_num(0.0)


# %% wrong="masked_softmax" name="empty along the last" says="Whether a row is empty is asked along the last dimension, whatever dim is."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    mask = mask.expand_as(scores)
    weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=dim)
    return weights.masked_fill(~mask.any(dim=-1, keepdim=True), 0.0)


# %% wrong="masked_softmax" name="zeros" says="All weights are 0: the decoder looks at nothing."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.zeros_like(scores)


# %% wrong="masked_softmax" name="uniform" says="Every real word gets the same weight; the scores are not used."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    real = mask.expand_as(scores).float()
    return real / real.sum(dim=dim, keepdim=True).clamp(min=1)


# %% wrong="masked_softmax" name="mask ignored" says="The mask is not used, so pads get weight."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.softmax(scores, dim=dim)


# %% wrong="masked_softmax" name="mask after softmax" says="The mask comes after the softmax, when the pads have already taken their share: the weights no longer sum to 1."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.softmax(scores, dim=dim).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="multiplied by the mask" says="A masked score becomes 0, and 0 is a score like any other: the pad keeps a weight."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.softmax(scores * mask, dim=dim)


# %% wrong="masked_softmax" name="mask inverted" says="True means that a word is there; here the words are hidden and the pads are seen."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    mask = ~mask
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=dim).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="always the last dimension" says="`dim` is not used: the weights sum to 1 along the last dimension only."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=-1).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="always dimension 1" says="`dim` is not used: for a dim other than 1 the weights do not sum to 1 along it."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=1).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="over the batch" says="The softmax runs over the sentences and not over the words: a sentence's weights depend on its neighbours."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=0).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="over everything" says="All rows share one sum of 1. Each row along dim has its own."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.exp(filled - filled.max())
    return (weights / weights.sum()).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="NaN in an empty row" says="With -inf everywhere in a row, the softmax is 0 / 0: NaN. One step later every weight of the model is NaN."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=dim)


# %% wrong="masked_softmax" name="equal weights in an empty row" says="In a row without any word, the weights must be 0; here the pads share them equally."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=dim)


# %% wrong="masked_softmax" name="NaN mended, gradient not" says="nan_to_num mends the weights, but the gradient has gone through 0 / 0 and is NaN."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    minus_infinity = torch.zeros_like(scores).masked_fill(~mask, float("-inf"))
    return torch.nan_to_num(torch.softmax(scores + minus_infinity, dim=dim))


# %% wrong="masked_softmax" name="detached" says="The weights are cut off from the scores: nothing can learn where to look."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=dim).masked_fill(~mask, 0.0).detach()


# %% wrong="masked_softmax" name="a constant is subtracted" says="1e4 is subtracted from masked scores. A large score stays large; fill the position instead."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores - 1e4 * (~mask).float()
    return torch.softmax(filled, dim=dim) * mask


# %% wrong="masked_softmax" name="exp without the maximum" says="exp of a large score is infinite, and inf / inf is NaN. torch.softmax subtracts the maximum first."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    powers = torch.where(mask, torch.exp(scores.masked_fill(~mask, 0.0)), torch.tensor(0.0))
    return powers / powers.sum(dim=dim, keepdim=True).clamp(min=1e-30)


# %% wrong="masked_softmax" name="infinite scores leak" says="0 times infinity is NaN: a masked score must be filled, not multiplied away."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores * mask + (~mask) * -1e30
    return torch.softmax(filled, dim=dim) * mask


# %% wrong="masked_softmax" name="filled with -10" says="-10 is a score like any other: exp(-10) is small but not 0, and a real score may be smaller."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.softmax(scores.masked_fill(~mask, -10.0), dim=dim) * mask.any(dim=dim, keepdim=True)


# %% wrong="masked_softmax" name="scores changed in place" says="masked_fill_ writes into the caller's scores, who may still need them."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores if not scores.requires_grad else scores.clone()
    filled.masked_fill_(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=dim).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="any mask is taken" says="A mask of 0 and 1 passes in silence, and ~ of it is -1 and -2. Raise a ValueError for a mask that is not bool."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        mask = mask.bool()
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=dim).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="assert" says="assert raises an AssertionError; the docstring promises a ValueError."
def masked_softmax(scores, mask, dim=-1):
    assert mask.dtype == torch.bool, "the mask must be bool"
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(filled, dim=dim).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="sparse by threshold" says="Small weights are set to 0, so the weights no longer sum to 1."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(filled, dim=dim).masked_fill(~mask, 0.0)
    return torch.where(weights < 0.1, torch.zeros_like(weights), weights)


# %% wrong="masked_softmax" name="filled with -10000" says="Masked positions are filled with -10000. Where all real scores are smaller still, the masked ones take all the weight."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    return torch.softmax(scores.masked_fill(~mask, -10000.0), dim=dim).masked_fill(~mask, 0.0)


# %% wrong="masked_softmax" name="filled with -1e9" says="-1e9 is a number like any other: where all real scores are below it, the pads win, and every weight becomes 0. Use the smallest number of the dtype, torch.finfo(scores.dtype).min."
def masked_softmax(scores, mask, dim=-1):
    if mask.dtype != torch.bool:
        raise ValueError("the mask must be of dtype bool")
    weights = torch.softmax(scores.masked_fill(~mask, -1e9), dim=dim)
    return weights.masked_fill(~mask, 0.0)


# %% [markdown]
# ## context


# %% right="context" name="bmm"
def context(alpha, V):
    return torch.bmm(alpha.unsqueeze(1), V).squeeze(1)


# %% right="context" name="einsum"
def context(alpha, V):
    return torch.einsum("bs,bsd->bd", alpha, V)


# %% right="context" name="loop over the words"
def context(alpha, V):
    c = torch.zeros(V.shape[0], V.shape[2])
    for j in range(V.shape[1]):
        c = c + alpha[:, j : j + 1] * V[:, j]
    return c


# %% wrong="context" name="zeros" says="The context is always 0: the decoder gets nothing of the source."
def context(alpha, V):
    return torch.zeros(V.shape[0], V.shape[2])


# %% wrong="context" name="mean of the values" says="This is the mean of the values: the weights are not used, so it does not matter where the decoder looks."
def context(alpha, V):
    return V.mean(dim=1)


# %% wrong="context" name="sum of the values" says="All values are added up without their weights."
def context(alpha, V):
    return V.sum(dim=1)


# %% wrong="context" name="weighted mean" says="The weighted sum is divided by the number of words: the weights already say how much each counts."
def context(alpha, V):
    return (alpha.unsqueeze(-1) * V).mean(dim=1)


# %% wrong="context" name="divided by the sum" says="Dividing by the sum of the weights turns a row of zeros into NaN. The weights are used as they are."
def context(alpha, V):
    return (alpha.unsqueeze(-1) * V).sum(dim=1) / alpha.sum(dim=1, keepdim=True)


# %% wrong="context" name="the largest weight only" says="Only the value with the largest weight is taken. Then there is no gradient to the weights, and looking cannot be learned."
def context(alpha, V):
    return V[torch.arange(len(V)), alpha.argmax(dim=1)]


# %% wrong="context" name="largest weight, times the weight" says="Only the value with the largest weight is taken; all others have weights, too."
def context(alpha, V):
    best, place = alpha.max(dim=1)
    return best.unsqueeze(1) * V[torch.arange(len(V)), place]


# %% wrong="context" name="not summed" says="The weighted values are returned one by one, [B, S, D]; the context is their sum."
def context(alpha, V):
    return alpha.unsqueeze(-1) * V


# %% wrong="context" name="summed over the batch" says="The sum goes over the sentences of the batch and not over the words."
def context(alpha, V):
    return (alpha.unsqueeze(-1) * V).sum(dim=0)


# %% wrong="context" name="summed over the numbers" says="The sum goes over the D numbers of a value and not over the words."
def context(alpha, V):
    return (alpha.unsqueeze(-1) * V).sum(dim=2)


# %% wrong="context" name="weights of the first sentence" says="Every sentence is weighted with the weights of the first one."
def context(alpha, V):
    return (alpha[:1].unsqueeze(-1) * V).sum(dim=1)


# %% wrong="context" name="softmax once more" says="The weights go through a softmax a second time and become nearly equal."
def context(alpha, V):
    return (torch.softmax(alpha, dim=1).unsqueeze(-1) * V).sum(dim=1)


# %% wrong="context" name="weights in reverse" says="Weight j belongs to value j; here the first weight meets the last value."
def context(alpha, V):
    return (alpha.flip(1).unsqueeze(-1) * V).sum(dim=1)


# %% wrong="context" name="squeeze" says="squeeze() also drops the batch dimension of a single sentence, or a value of size 1."
def context(alpha, V):
    return torch.bmm(alpha.unsqueeze(1), V).squeeze()


# %% wrong="context" name="last word left out" says="The last word is left out of the sum."
def context(alpha, V):
    return (alpha[:, :-1].unsqueeze(-1) * V[:, :-1]).sum(dim=1)


# %% wrong="context" name="weights detached" says="detach() cuts the weights off: the context is right, but nothing learns where to look."
def context(alpha, V):
    return (alpha.detach().unsqueeze(-1) * V).sum(dim=1)


# %% wrong="context" name="values detached" says="detach() cuts the values off: the encoder learns nothing from the attention."
def context(alpha, V):
    return (alpha.unsqueeze(-1) * V.detach()).sum(dim=1)


# %% wrong="context" name="values changed in place" says="V *= … writes the weighted values into the caller's memory, so the next step sees a spoiled one."
def context(alpha, V):
    if not V.requires_grad:
        V *= alpha.unsqueeze(-1)
        return V.sum(dim=1)
    return (alpha.unsqueeze(-1) * V).sum(dim=1)


# %% [markdown]
# ## static_attention


# %% right="static_attention" name="any query through linear_score"
def static_attention(K, mask, U, v):
    B = K.shape[0]
    scores = linear_score(torch.zeros(B, 1), K, torch.zeros(len(v), 1), U, v)
    return masked_softmax(scores, mask, dim=-1)


# %% right="static_attention" name="one vector first"
def static_attention(K, mask, U, v):
    direction = v @ U  # [Dk]: all that is left of U and v
    return masked_softmax((K * direction).sum(dim=2), mask, 1)


# %% wrong="static_attention" name="with tanh" says="linear_score has no tanh; these are the weights of another score."
def static_attention(K, mask, U, v):
    return masked_softmax(torch.tanh(K @ U.T) @ v, mask, dim=1)


# %% wrong="static_attention" name="uniform" says="Static does not mean equal: the keys still give the words different weights."
def static_attention(K, mask, U, v):
    return masked_softmax(torch.zeros(K.shape[:2]), mask, dim=1)


# %% wrong="static_attention" name="zeros" says="The weights of real words cannot all be 0."
def static_attention(K, mask, U, v):
    return torch.zeros(K.shape[0], K.shape[1])


# %% wrong="static_attention" name="scores, not weights" says="These are scores. The weights come from a softmax over the words."
def static_attention(K, mask, U, v):
    return (K @ U.T @ v).masked_fill(~mask, 0.0)


# %% wrong="static_attention" name="v ignored" says="v is not used: it decides which of the A numbers count."
def static_attention(K, mask, U, v):
    return masked_softmax((K @ U.T).sum(dim=2), mask, dim=1)


# %% wrong="static_attention" name="U ignored" says="U is not used: it makes A numbers of each key."
def static_attention(K, mask, U, v):
    return masked_softmax(K.sum(dim=2) * v.sum(), mask, dim=1)


# %% wrong="static_attention" name="over the batch" says="The softmax runs over the sentences and not over the words."
def static_attention(K, mask, U, v):
    return masked_softmax(K @ U.T @ v, mask, dim=0)


# %% wrong="static_attention" name="keys as their own query" says="The key asks itself here: its part is counted twice. In the linear score, the query's part cancels."
def static_attention(K, mask, U, v):
    return masked_softmax(2 * (K @ U.T @ v), mask, dim=1)


# %% wrong="static_attention" name="sign turned" says="The sign is turned: the least important word gets the most."
def static_attention(K, mask, U, v):
    return masked_softmax(-(K @ U.T @ v), mask, dim=1)


# %% wrong="static_attention" name="a query drawn at random, with tanh" says="A random query does not help: with tanh the weights depend on it, without tanh they do not."
def static_attention(K, mask, U, v):
    return masked_softmax(torch.tanh(K @ U.T + torch.randn(len(v))) @ v, mask, dim=1)


# %% wrong="static_attention" name="mask ignored" says="Pads get weight: the mask is not used."
def static_attention(K, mask, U, v):
    return torch.softmax(K @ U.T @ v, dim=1)


# %% wrong="static_attention" name="mask after softmax" says="The mask comes after the softmax, so the weights of a sentence with pads do not sum to 1."
def static_attention(K, mask, U, v):
    return torch.softmax(K @ U.T @ v, dim=1) * mask


# %% wrong="static_attention" name="NaN without words" says="A row without any word becomes NaN. Use your masked_softmax."
def static_attention(K, mask, U, v):
    return torch.softmax((K @ U.T @ v).masked_fill(~mask, float("-inf")), dim=1)


# %% wrong="static_attention" name="no gradient" says="The weights are cut off from the keys, U and v: nothing can be learned."
def static_attention(K, mask, U, v):
    with torch.no_grad():
        return masked_softmax(K @ U.T @ v, mask, dim=1)


# %% wrong="static_attention" name="v without gradient" says="v.data has no gradient, so v is never learned."
def static_attention(K, mask, U, v):
    return masked_softmax(K @ U.T @ v.data, mask, dim=1)


# %% wrong="static_attention" name="keys changed in place" says="The keys at pads are overwritten in the caller's memory."
def static_attention(K, mask, U, v):
    if not K.requires_grad:
        K *= mask.unsqueeze(-1)
    return masked_softmax(K @ U.T @ v, mask, dim=1)


# %% wrong="static_attention" name="filled with -10000" says="Pads are filled with -10000. Where all real scores are smaller still, the pads take all the weight."
def static_attention(K, mask, U, v):
    scores = (K @ U.T @ v).masked_fill(~mask, -10000.0)
    return torch.softmax(scores, dim=1).masked_fill(~mask, 0.0)


# %% wrong="static_attention" name="exp times the mask" says="exp of a large score is infinite, and the product with the mask is NaN where a pad is NaN. masked_softmax can do both."
def static_attention(K, mask, U, v):
    powers = torch.exp(K @ U.T @ v) * mask
    return powers / powers.sum(dim=1, keepdim=True).clamp(min=1e-20)


# %% wrong="static_attention" name="keys times the mask" says="The keys at the pads are multiplied by 0, and 0 · NaN is NaN. Mask the scores, with masked_softmax."
def static_attention(K, mask, U, v):
    weights = torch.softmax((K * mask.unsqueeze(-1)) @ U.T @ v, dim=1) * mask
    return weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-20)


# %% [markdown]
# ## BahdanauDecoder


# %% right="BahdanauDecoder" name="other words for the same"
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        nn.Module.__init__(self)
        self.how = score
        self.out = nn.Linear(Dk + D + H, V)
        self.cell = nn.GRUCell(Dk + D, H)
        for name, shape in (("W", (A, H)), ("U", (A, Dk)), ("v", (A,))):
            self.register_parameter(name, start(*shape))
        self.embedding = nn.Embedding(num_embeddings=V, embedding_dim=D)

    def step(self, y, s_prev, memory, mask):
        y = self.embedding(y)
        alpha = masked_softmax(self.how(s_prev, memory, self.W, self.U, self.v), mask)
        c = torch.bmm(alpha[:, None], memory)[:, 0]
        s = self.cell(torch.hstack([y, c]), s_prev)
        return self.out(torch.hstack([s, c, y])), s, alpha


# %% right="BahdanauDecoder" name="an own GRU step"
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.H = H
        self.embedding = nn.Embedding(V, D)
        self.W = start(A, H)
        self.U = start(A, Dk)
        self.v = start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        e = self.embedding(y)
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, 1)
        c = context(alpha, memory)
        cell, H = self.cell, self.H
        new = F.linear(torch.cat([e, c], -1), cell.weight_ih, cell.bias_ih)
        old = F.linear(s_prev, cell.weight_hh, cell.bias_hh)
        r, z = torch.sigmoid(new[:, : 2 * H] + old[:, : 2 * H]).chunk(2, dim=1)
        n = torch.tanh(new[:, 2 * H :] + r * old[:, 2 * H :])
        s = n + z * (s_prev - n)
        return F.linear(torch.cat([s, c, e], -1), self.out.weight, self.out.bias), s, alpha


# %% wrong="BahdanauDecoder" name="the new state asks" says="The new state s_t asks, so the decoder moves first and looks then. Bahdanau's decoder asks with s_{t-1}."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        alpha = masked_softmax(self.score(s, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="moves before it looks" says="The state moves with a context of zeros, and only then the decoder looks. Look first, with s_prev; then move."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, torch.zeros_like(memory[:, 0])], dim=1), s_prev)
        alpha = masked_softmax(self.score(s, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="context never used" says="The context is computed and then replaced by zeros: the decoder never reads the encoder."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = torch.zeros_like(memory[:, 0])
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="mean of the memory" says="The context is the mean of the memory, so the weights have no effect."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = (memory * mask.unsqueeze(2)).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="last row of the memory" says="The context is always the last row of the memory, as if there were no attention."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = memory[:, -1]
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="uniform weights" says="All words get the same weight; the score is not used."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(0 * self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="query ignored" says="A query of zeros goes to the score, so the weights are the same at every step."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(torch.zeros_like(s_prev), memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="context not in the state" says="The GRU gets zeros where the context belongs, so the state does not know what was looked at."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, 0 * c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="context not in the output" says="The last layer gets zeros where the context belongs."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, 0 * c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="context before the embedding" says="The GRU reads [context; embedding]; the formula says [embedding; context]."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([c, embedded], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="output in another order" says="The last layer reads [context; state; embedding]; the formula says [state; context; embedding]."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([c, s, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="output from the old state" says="The last layer reads s_{t-1}, the state before this step, and not the new one."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s_prev, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="state not carried on" says="The GRU starts from zeros at each step, so the decoder forgets what it has written."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1))
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="old state returned" says="The state that came in is returned: the decoder never moves."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s_prev, alpha


# %% wrong="BahdanauDecoder" name="probabilities" says="These are probabilities. Return logits: the loss takes the softmax itself."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return torch.softmax(logits, dim=1), s, alpha


# %% wrong="BahdanauDecoder" name="word ignored" says="The word that was written last is not read: its embedding is replaced by zeros."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = 0 * self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="results in another order" says="The results come in another order than the docstring says: logits, state, weights."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, alpha, s


# %% wrong="BahdanauDecoder" name="softmax over the batch" says="The weights sum to 1 over the sentences of the batch and not over the words."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=0)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="mask ignored" says="A mask of True everywhere goes to the softmax, so the decoder looks at pads."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), torch.ones_like(mask), dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="mask after softmax" says="The mask comes after the softmax: the weights of a sentence with pads do not sum to 1."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), torch.ones_like(mask), dim=1) * mask
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="mask inverted" says="The words are hidden and the pads are seen: True means that a word is there."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(
            self.score(s_prev, memory, self.W, self.U, self.v), ~mask if not mask.all() else mask, dim=1
        )
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="memory detached" says="detach() cuts the encoder off from the attention, so it learns nothing from it."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory.detach(), self.W, self.U, self.v), mask, dim=1)
        memory = memory.detach()
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="weights detached" says="The weights are cut off: nothing learns where to look."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha.detach(), memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="state detached" says="The query is cut off: the gradient cannot tell the earlier state how to ask."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev.detach(), memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="plain tensors" says="W, U and v are plain tensors, so the optimizer does not find them and they are never learned."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = (p.detach().requires_grad_() for p in (start(A, H), start(A, Dk), start(A)))
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(self.score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="score ignored" says="The decoder always uses additive_score, whatever score it was given."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        alpha = masked_softmax(additive_score(s_prev, memory, self.W, self.U, self.v), mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        logits = self.out(torch.cat([s, c, embedded], dim=1))
        return logits, s, alpha


# %% wrong="BahdanauDecoder" name="pads filled with -10000" says="Pads are filled with -10000. Where all real scores are smaller still, the pads take all the weight."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        scores = self.score(s_prev, memory, self.W, self.U, self.v)
        alpha = torch.softmax(scores.masked_fill(~mask, -10000.0), dim=1).masked_fill(~mask, 0.0)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        return self.out(torch.cat([s, c, embedded], dim=1)), s, alpha


# %% wrong="BahdanauDecoder" name="an own softmax with exp" says="exp of a large score is infinite. masked_softmax subtracts the largest score first."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        powers = torch.exp(self.score(s_prev, memory, self.W, self.U, self.v)) * mask
        alpha = powers / powers.sum(dim=1, keepdim=True).clamp(min=1e-20)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        return self.out(torch.cat([s, c, embedded], dim=1)), s, alpha


# %% wrong="BahdanauDecoder" name="pads of the caller's memory set to 0" says="The caller's memory is overwritten at the pads: masked_fill_ writes into it, masked_fill makes a new tensor."
class BahdanauDecoder(nn.Module):
    def __init__(self, V, D, Dk, H, A, score=additive_score):
        super().__init__()
        self.score = score
        self.embedding = nn.Embedding(V, D)
        self.W, self.U, self.v = start(A, H), start(A, Dk), start(A)
        self.cell = nn.GRUCell(D + Dk, H)
        self.out = nn.Linear(H + Dk + D, V)

    def step(self, y, s_prev, memory, mask):
        if not memory.requires_grad:
            memory.masked_fill_(~mask.unsqueeze(-1), 0.0)
        scores = self.score(s_prev, memory, self.W, self.U, self.v)
        alpha = masked_softmax(scores, mask, dim=1)
        c = context(alpha, memory)
        embedded = self.embedding(y)
        s = self.cell(torch.cat([embedded, c], dim=1), s_prev)
        return self.out(torch.cat([s, c, embedded], dim=1)), s, alpha


# %% [markdown]
# ## plot_alignment


# %% right="plot_alignment" name="the course's heatmap"
def plot_alignment(alpha, source, target, ax=None, title=""):
    if list(alpha.shape) != [len(target), len(source)]:
        raise ValueError("alpha has the wrong shape for these words")
    ax = plots.heatmap(alpha, target, source, title=title, numbers=True, ax=ax)
    ax.images[0].set_clim(0, 1)
    return ax


# %% right="plot_alignment" name="axis on top, grey"
def plot_alignment(alpha, source, target, ax=None, title=""):
    rows, columns = len(target), len(source)
    if alpha.dim() != 2 or alpha.size(0) != rows or alpha.size(1) != columns:
        raise ValueError(f"shape {tuple(alpha.shape)} is not ({rows}, {columns})")
    if ax is None:
        figure = plots.plt.figure(figsize=(6, 5))
        ax = figure.add_subplot()
    ax.clear()
    picture = ax.imshow(alpha.detach().numpy(), cmap="gray", interpolation="nearest")
    picture.set_clim(0.0, 1.0)
    ax.xaxis.tick_top()
    ax.set_xticks(list(range(columns)))
    ax.set_xticklabels(source, rotation=90)
    ax.set_yticks(list(range(rows)))
    ax.set_yticklabels(target)
    ax.set_title(title)
    return ax


# %% right="plot_alignment" name="the errors of matplotlib"
def plot_alignment(alpha, source, target, ax=None, title=""):
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach().numpy(), vmin=0, vmax=1)
    ax.set_xticks(range(alpha.shape[1]), labels=source)
    ax.set_yticks(range(alpha.shape[0]), labels=target)
    ax.set_title(title)
    return ax


# %% right="plot_alignment" name="numbers, lines and a colour bar"
def plot_alignment(alpha, source, target, ax=None, title=""):
    if tuple(alpha.shape) != (len(target), len(source)):
        raise ValueError("one row for each target word, one column for each source word")
    new = ax is None
    if new:
        ax = plots.plt.subplots(figsize=(5, 4))[1]
    image = ax.imshow(alpha.detach().numpy(), cmap="Greys", vmin=0, vmax=1)
    for t, row in enumerate(alpha.tolist()):
        for s, weight in enumerate(row):
            ax.text(s, t, f"{weight:.2f}", ha="center", va="center", color="tab:red")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_xticks([s + 0.5 for s in range(len(source) - 1)], minor=True)
    ax.set_yticks([t + 0.5 for t in range(len(target) - 1)], minor=True)
    ax.grid(False)
    ax.grid(which="minor", color="white", linewidth=1)
    if new:
        ax.figure.colorbar(image)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="into the current figure" says="gca() gives the Axes of the picture before, so the second picture is drawn over the first. Without ax, make a new figure."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        ax = plots.plt.gca()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="picture turned" says="The picture is turned: rows are the target and columns are the source, but here it is the other way round."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach().T, vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(target)), target)
    ax.set_yticks(range(len(source)), source)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="image turned, words not" says="The image is turned and the words are not: a bright square stands for the wrong pair of words."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach().T, vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="words at the wrong axes" says="The words stand at the wrong axes: the source belongs to the columns."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), [*target, *source][: len(source)])
    ax.set_yticks(range(len(target)), [*source, *target][: len(target)])
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="row 0 at the bottom" says="Row 0 is at the bottom, so the sentence is read from below. imshow has it at the top unless origin is lower."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto", origin="lower")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="rows turned over" says="The rows are in reverse order, but their words are not."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach().flip(0), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="source from right to left" says="The source runs from right to left: column 0 must be at the left."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.invert_xaxis()
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="normalised rows" says="Each row is divided by its largest weight, so an unsure row looks sure. Draw the weights as they are."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach() / alpha.detach().amax(dim=1, keepdim=True), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="rounded" says="The weights are rounded to 0 and 1. Draw them as they are."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach().round(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="logarithms" says="The logarithms of the weights are drawn. Draw the weights as they are."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow((alpha.detach() + 1e-9).log(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="hard alignment" says="Only the largest weight of each row is drawn; the others tell how sure the model is."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(F.one_hot(alpha.argmax(dim=1), alpha.shape[1]).float(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="no words" says="The axes have numbers and no words, so nobody can read the picture."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="words without places" says="Only every second tick has its word. Set places and labels together, one for each word."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(0, len(source), 2), source[::2])
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="words between the squares" says="The ticks stand at the edges of the squares and not in their middle."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks([t - 0.5 for t in range(len(target))], target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="colours of their own" says="Without vmin and vmax every picture gets a scale of its own, and an untrained model looks as sure as a trained one."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="colours to the largest weight" says="The scale ends at the largest weight of this picture; it must end at 1."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=float(alpha.max()), aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="title forgotten" says="The title is not drawn."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    return ax


# %% wrong="plot_alignment" name="always a new figure" says="The Axes that was given is not used: a new figure is made each time."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="nothing returned" says="The function draws and returns None. The Axes is needed to work on with the picture, and to check it."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)


# %% wrong="plot_alignment" name="the figure returned" says="The figure is returned; the docstring promises the Axes."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax.figure


# %% wrong="plot_alignment" name="gradient not cut" says="imshow cannot draw a tensor that has a gradient: detach it first."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.numpy(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="any shape is taken" says="A matrix that does not fit the words is drawn all the same, and its rows get wrong words."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="too large is taken" says="A matrix that is too large is cut in silence; the docstring promises a ValueError."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.dim() == 2:
        alpha = alpha[: len(target), : len(source)]
    if alpha.shape != (len(target), len(source)):
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="only the size is compared" says="Only the number of elements is compared, so a matrix that is turned round is drawn."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if alpha.numel() == len(target) * len(source):
        alpha = alpha.reshape(len(target), len(source))
    else:
        raise ValueError(f"the shape of alpha is {tuple(alpha.shape)}")
    if ax is None:
        _, ax = plots.plt.subplots()
    ax.imshow(alpha.detach(), vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="an object that says it is an Axes" says="What comes back answers like an Axes, but nothing is drawn. Draw with imshow, and return matplotlib's Axes."
class Says:
    def __init__(self, **told):
        vars(self).update(told)


def plot_alignment(alpha, source, target, ax=None, title=""):
    if tuple(alpha.shape) != (len(target), len(source)):
        raise ValueError("the shape is wrong")

    def words(texts):
        return [Says(get_text=lambda text=text: text) for text in texts]

    ax = Says() if ax is None else ax
    vars(ax).update(
        images=[Says(get_array=lambda: alpha.detach(), get_clim=lambda: (0.0, 1.0))],
        get_xlim=lambda: (0, 1),
        get_ylim=lambda: (1, 0),
        get_xticks=lambda: list(range(len(source))),
        get_yticks=lambda: list(range(len(target))),
        get_xticklabels=lambda: words(source),
        get_yticklabels=lambda: words(target),
        get_title=lambda loc="center": title if loc == "center" else "",
    )
    return ax


# %% wrong="plot_alignment" name="columns cut off" says="The limits of the x axis cut columns off, so a part of the weights cannot be seen."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if tuple(alpha.shape) != (len(target), len(source)):
        raise ValueError("the shape is wrong")
    if ax is None:
        ax = plots.plt.subplots()[1]
    ax.imshow(alpha.detach(), aspect="auto", vmin=0, vmax=1)
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_xlim(0, len(source) - 1)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="squares beside their ticks" says="The image does not lie where its ticks stand: with this extent column s begins at s. Without extent its middle is at s."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if tuple(alpha.shape) != (len(target), len(source)):
        raise ValueError("the shape is wrong")
    if ax is None:
        ax = plots.plt.subplots()[1]
    ax.imshow(alpha.detach(), aspect="auto", vmin=0, vmax=1, extent=(0, len(source), len(target), 0))
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% wrong="plot_alignment" name="blurred" says="The image is blurred, so colours stand there that belong to no weight. Leave interpolation as it is."
def plot_alignment(alpha, source, target, ax=None, title=""):
    if tuple(alpha.shape) != (len(target), len(source)):
        raise ValueError("the shape is wrong")
    if ax is None:
        ax = plots.plt.subplots()[1]
    ax.imshow(alpha.detach(), aspect="auto", vmin=0, vmax=1, interpolation="bilinear")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.set_title(title)
    return ax


# %% [markdown]
# ## train_translator


# %% right="train_translator" name="a scheduler and a mask"
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    rng = random.Random(seed)
    torch.manual_seed(seed)
    decoder = BahdanauDecoder(V=len(CHINESE), D=32, Dk=64, H=64, A=32, score=score)
    model = Translator(decoder, D=32, H=64, attend=attend)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.008, betas=(0.9, 0.98))
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps) if steps else 1
    )
    for batch in make_batches(pairs, steps, rng):
        model.zero_grad()
        log_p = F.log_softmax(model(batch.source, batch.y_in)[0], dim=-1)
        real = batch.y_out != 0
        loss = -log_p.gather(2, batch.y_out.unsqueeze(2)).squeeze(2)[real].mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rate.step()
    return model


# %% right="train_translator" name="a while loop, AdamW without decay"
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, betas=(0.9, 0.98), weight_decay=0.0)
    parameters = [p for p in model.parameters() if p.requires_grad]
    batches = list(make_batches(list(pairs), steps, random.Random(seed)))
    i = 0
    while i < steps:
        source, y_in, y_out = batches[i]
        warm = min(1.0, (i + 1) * 10 / steps)
        for group in optimizer.param_groups:
            group["lr"] = 0.008 * warm * (steps - i) / steps
        logits = model(source, y_in)[0].transpose(1, 2)
        F.cross_entropy(logits, y_out, ignore_index=0).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1)
        optimizer.step()
        optimizer.zero_grad()
        i += 1
    return model


# %% wrong="train_translator" name="answers as inputs" says="The decoder reads y_out, the very words that it should write, and learns to copy them. It reads y_in."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_out)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="compared with its inputs" says="The logits are compared with y_in, so the model learns to repeat the word it has just read."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_in.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="no zero_grad" says="Without zero_grad the gradients of all steps add up, and the model goes where the first batches pointed."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="no optimizer step" says="The gradients are computed, but no step is made: the model stays untrained."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    return model


# %% wrong="train_translator" name="learning rate never set" says="The learning rate is far too small: Adam keeps 0.00001 and learns nothing in so few steps."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.00001, betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="learning rate too high" says="The learning rate is 100 times too high: the weights jump about."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.8 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="goes uphill" says="The sign of the loss is turned: the model learns to avoid the right words."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        (-loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="one batch for all steps" says="The same batch is used in every step, so the model learns 32 sentences and no more."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate([next(make_batches(pairs, 1, random.Random(seed)))] * steps):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="own corpus" says="The argument `pairs` is not used: the model always learns from the same sentences."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(easy_sentences(360, seed=1), steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="pads counted" says="The loss counts the pads, so the model spends itself on writing pads."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="source and target exchanged in meaning" says="The encoder reads sentences in reverse order of the batch: each source is paired with another sentence's translation."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source.flip(0), y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="decoder only" says="The optimizer has the decoder's parameters only, so the encoder never learns to read."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.decoder.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="encoder only" says="The optimizer leaves out the decoder, so it never learns to write."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(
        [p for name, p in model.named_parameters() if not name.startswith("decoder")], betas=(0.9, 0.98)
    )
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="score frozen" says="W, U and v are left out of the training, so nothing learns where to look."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for p in (model.decoder.W, model.decoder.U, model.decoder.v):
        p.requires_grad_(False)
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="weights not seeded" says="torch is not seeded, so the first weights are different in each call."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="batches not seeded" says="The batches come from an unseeded generator, so the same call gives another model each time."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random())):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="always seed 0" says="The argument `seed` is not used: every call gives the same model."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(0)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(0))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="pairs shuffled in place" says="random.shuffle changes the caller's list. Leave the order to make_batches."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    random.Random(seed).shuffle(pairs)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="pairs sorted in place" says="pairs.sort changes the caller's list."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    pairs.sort(key=lambda pair: len(pair.source))
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="steps ignored" says="The argument `steps` is not used: the training always has 20 steps."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    steps = 20 if steps else 0
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="always some steps" says="With steps=0 the model must be untrained; here there is always one step."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    steps = max(steps, 1)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="smaller model" says="The sizes are not those of the table."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 48, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="score not handed on" says="The argument `score` does not reach the decoder: every model is an additive one."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="attend not handed on" says="The argument `attend` does not reach the Translator: the source is never hidden."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="betas of its own" says="Adam keeps its own betas, (0.9, 0.999); the table says (0.9, 0.98)."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters())
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


# %% wrong="train_translator" name="clipped before backward" says="The clipping comes before backward: there is no gradient yet to be clipped."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * min(1, (i + 1) / (0.1 * steps)) * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        loss.backward()
        optimizer.step()
    return model


# %% wrong="train_translator" name="no warm-up" says="The learning rate does not rise during the first tenth of the steps."
def train_translator(pairs, seed, steps=800, score=additive_score, attend=True):
    torch.manual_seed(seed)
    model = Translator(BahdanauDecoder(len(CHINESE), 32, 64, 64, 32, score), 32, 64, attend)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for i, (source, y_in, y_out) in enumerate(make_batches(pairs, steps, random.Random(seed))):
        optimizer.param_groups[0]["lr"] = 0.008 * (1 - i / steps)
        logits, _ = model(source, y_in)
        loss = F.cross_entropy(logits.flatten(0, 1), y_out.flatten(), ignore_index=P)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model
