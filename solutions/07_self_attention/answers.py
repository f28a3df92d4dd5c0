# %% [markdown]
# The answer catalogue of 07_self_attention: right answers that look different, and wrong answers that students give.


# %% [markdown]
# ## scaled_dot_product


# %% right="scaled_dot_product" name="einsum and a safe sum"
def scaled_dot_product(Q, K, V, mask=None):
    d = Q.size(-1)
    scores = torch.einsum("...td,...sd->...ts", Q, K) * d**-0.5
    if mask is not None:
        if mask.dtype is not torch.bool:
            raise ValueError("a mask is a bool tensor")
        scores = torch.where(mask, scores, torch.tensor(-1e30))
    top = scores.max(dim=-1, keepdim=True).values.detach()
    e = (scores - top).exp()
    if mask is not None:
        e = torch.where(mask, e, torch.tensor(0.0))
    weights = e / e.sum(dim=-1, keepdim=True).clamp(min=1e-30)
    return torch.einsum("...ts,...sv->...tv", weights, V), weights


# %% right="scaled_dot_product" name="the query divided first, empty rows rescued"
def scaled_dot_product(Q, K, V, mask=None):
    Q = Q / Q.shape[-1] ** 0.5
    scores = torch.matmul(Q, K.mT)
    if mask is None:
        weights = scores.softmax(-1)
        return torch.matmul(weights, V), weights
    if mask.dtype != torch.bool:
        raise ValueError("mask: expected bool, got " + str(mask.dtype))
    some = mask.any(dim=-1, keepdim=True)
    weights = scores.masked_fill(~mask & some, float("-inf")).softmax(-1) * some
    return torch.matmul(weights, V), weights


# %% right="scaled_dot_product" name="a bias of the smallest number"
def scaled_dot_product(Q, K, V, mask=None):
    if mask is None:
        mask = torch.ones(1, 1, dtype=torch.bool)
    elif mask.dtype != torch.bool:
        raise ValueError("The mask must be bool.")
    scores = Q.matmul(K.swapaxes(-1, -2)).div(math.sqrt(K.shape[-1]))
    scores = torch.where(mask, scores, torch.full_like(scores, -3e38))
    weights = F.softmax(scores, -1).where(mask, torch.zeros(()))
    return weights.matmul(V), weights


# %% right="scaled_dot_product" name="minus infinity, NaN mended"
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError("bool, please")
    scores = (Q / math.sqrt(Q.shape[-1])) @ K.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(torch.logical_not(mask), float("-inf"))
    weights = scores.softmax(dim=-1).nan_to_num(0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="no scale" says="The scores are not divided by the root of d: for large d the softmax becomes a hard choice, and most queries can hardly learn another one."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1)
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="divided by d" says="The scores are divided by d and not by its root: for large d all weights become nearly equal."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / Q.shape[-1]
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="times the root of d" says="The scores are multiplied by the root of d: this makes the softmax harder instead of softer."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) * math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="d ** 1 / 2" says="d ** 1 / 2 is d / 2 for Python, for ** comes before /: the root is d ** 0.5."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / (Q.shape[-1] ** 1 / 2)
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="root of the number of keys" says="The scores are divided by the root of S, the number of keys; d is the size of a query."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(K.shape[-2])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="root of the number of queries" says="The scores are divided by the root of T, the number of queries; d is the size of one query."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-2])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="root of the size of a value" says="The scores are divided by the root of Dv, the size of a value; the values have no part in the scores."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(V.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="divided after the softmax" says="The division comes after the softmax: the weights no longer sum to 1, and the softmax was as hard as without it."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1)
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    weights = weights / math.sqrt(Q.shape[-1])
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="cosine" says="Queries and keys are brought to length 1 first. That is the cosine; the dot product keeps the lengths."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = F.normalize(Q, dim=-1) @ F.normalize(K, dim=-1).transpose(-2, -1)
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="queries with queries" says="Queries are compared with queries and the keys are never used: Q with Q turned in place of Q with K turned."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ Q.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="keys with keys" says="Keys are compared with keys and the queries are never used."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = K @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="transposed scores" says="The scores are K times Q turned: rows belong to keys, and the softmax runs over the queries."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = K @ Q.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="K.T" says="K.T turns all dimensions round, also the batch. Only the last two may change places."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.T / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="first two dimensions turned" says="transpose(0, 1) swaps the batch with the keys as soon as there is a batch: count the dimensions from the end."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(0, 1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="K not turned" says="K is used without being turned, or reshaped to the right shape: then the numbers of different keys are mixed."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.reshape(*K.shape[:-2], K.shape[-1], K.shape[-2]) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="softmax over queries" says="The softmax runs over the queries: each column sums to 1, and a query's weights depend on what other queries ask."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-2)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-2).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="softmax over dimension 1" says="dim=1 is the last dimension only for a matrix: with a batch it is the queries, with heads the heads."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="softmax over dimension 0" says="The softmax runs over dimension 0: with a batch, the sentences share one sum of 1, so each one depends on its neighbours."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=0)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=0).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="sigmoid" says="A sigmoid judges each key alone: the weights of a query do not sum to 1."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.sigmoid(scores)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.sigmoid(scores).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="softmax twice" says="The weights go through a second softmax and become nearly equal."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    weights = torch.softmax(weights, dim=-1)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="uniform" says="All keys get the same weight: queries and keys are not used."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(0 * scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(0 * scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="zeros" says="Weights and outputs are all 0: nothing is looked at."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    weights = 0 * scores.masked_fill(scores < -1e30, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="scores returned" says="The second result are the scores; the weights come out of the softmax."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, scores


# %% wrong="scaled_dot_product" name="values returned" says="The output is V itself, whatever the weights are. It needs the sum of the values, each times its weight."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return V, weights


# %% wrong="scaled_dot_product" name="mean of the values" says="The output is the mean of the values: the weights have no effect on it."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return torch.ones_like(weights) @ V / V.shape[-2], weights


# %% wrong="scaled_dot_product" name="keys in place of values" says="The weighted sum is over the keys: the values are not used."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ K, weights


# %% wrong="scaled_dot_product" name="largest weight only" says="Each query gets only the value with the largest weight: that is a hard choice, through which no gradient flows to the scores."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    hard = F.one_hot(weights.argmax(dim=-1), weights.shape[-1]).float() * (weights.sum(dim=-1, keepdim=True) > 0)
    return hard @ V, weights


# %% wrong="scaled_dot_product" name="only the output" says="Only the output is returned; the docstring promises a tuple of output and weights."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V


# %% wrong="scaled_dot_product" name="tuple the other way round" says="The tuple is the other way round: first the output, then the weights."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights, weights @ V


# %% wrong="scaled_dot_product" name="mask ignored" says="The mask is not used: pads and the future get weight."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    weights = torch.softmax(scores, dim=-1)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="mask after softmax" says="The mask comes after the softmax, when the hidden keys have already taken their share: the weights no longer sum to 1."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="mask inverted" says="The mask is used the wrong way round: True means that a query may attend to the key, here these are the hidden ones."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="filled with 1e-9" says="Masked scores become 1e-9, and 0 is a score like any other. The minus is missing: it must be a large negative number."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, 1e-9)
        weights = torch.softmax(scores, dim=-1)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="1 subtracted" says="The mask is subtracted as 0 and 1: a masked key only gets less weight, and not 0."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores - (~mask).float()
        weights = torch.softmax(scores, dim=-1)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="minus infinity" says="With -inf in a whole row, the softmax is 0 / 0: a query that sees nothing becomes NaN, and a step later the whole model."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="0 / 0 mended, gradient not" says="nan_to_num mends the result of 0 / 0, but the gradient goes through the division and is NaN."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    e = (scores - scores.detach().amax(dim=-1, keepdim=True)).exp()
    if mask is not None:
        e = e * mask
    weights = (e / e.sum(dim=-1, keepdim=True)).nan_to_num(0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="equal weights in an empty row" says="A query that may attend to nothing gets equal weights on all hidden keys; they must be 0."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="mask by indexing" says="scores[~mask] needs a mask of exactly the shape of the scores; [B, 1, 1, S] must fit, too. masked_fill repeats it where the size is 1."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is not None:
        scores = scores.clone()
        scores[~mask] = torch.finfo(scores.dtype).min
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="mask of the first sentence" says="Every sentence gets the mask of the first one."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    if mask is not None and mask.dim() > 2:
        mask = mask[:1]
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="a dimension of its own for the mask" says="The mask gets one more dimension for the heads. The caller has already made it fit; here a mask [B, T, S] no longer does."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    if mask is not None and mask.dim() == 3:
        mask = mask.unsqueeze(1)
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="always causal" says="Later keys are always hidden, without being asked: whether the future is hidden is said by the mask."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    see = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    mask = see if mask is None else mask & see
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="keys of the neighbour" says="The keys and values of the next sentence are asked: what one sentence gets must not depend on another."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    if K.dim() > 2:
        K, V = K.roll(1, dims=0), V.roll(1, dims=0)
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="leak across the batch" says="The values are averaged over the batch, so each sentence gets something of all others."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    if V.dim() > 2:
        V = V.mean(dim=0, keepdim=True)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="exp without the maximum" says="exp of a large score is infinite, and inf / inf is NaN. torch.softmax subtracts the maximum first."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    e = scores.exp()
    if mask is not None:
        e = e * mask
    weights = e / e.sum(dim=-1, keepdim=True).clamp(min=1e-30)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="weights detached" says="detach() cuts the weights off: the output is right, but nothing learns where to look."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    weights = weights.detach()
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="weights from Python numbers" says="The second result has no gradient; a model that learns from its weights gets nothing."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights.detach()


# %% wrong="scaled_dot_product" name="values detached" says="detach() cuts the values off: what is handed on is never learned."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V.detach(), weights


# %% wrong="scaled_dot_product" name="keys detached" says="detach() cuts the keys off: they never learn to be found."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.detach().transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="no_grad" says="no_grad() cuts all gradients: nothing of the attention can be learned."
def scaled_dot_product(Q, K, V, mask=None):
    with torch.no_grad():
        Q, K, V = Q.clone(), K.clone(), V.clone()
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="queries changed in place" says="The caller's queries are divided in place: the next call finds other queries."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    Q.data /= math.sqrt(Q.shape[-1])
    scores = Q @ K.transpose(-2, -1)
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="mask changed in place" says="The caller's mask is turned round in place: the next block sees the opposite."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    if mask is not None:
        hidden = mask.logical_not_().clone()
        mask = ~hidden
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="any mask is taken" says="A mask of 0 and 1 is taken in silence. Raise a ValueError for a mask that is not bool."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        mask = mask != 0
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="only float masks are refused" says="A mask of whole numbers is taken in silence: only bool is a mask."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.is_floating_point():
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    mask = None if mask is None else mask.bool()
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="assert" says="assert raises an AssertionError; the docstring promises a ValueError."
def scaled_dot_product(Q, K, V, mask=None):
    assert mask is None or mask.dtype == torch.bool, "the mask must be bool"
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="filled with -10000" says="Masked scores are filled with -10000. Where all others are smaller still, the masked keys take all the weight."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        weights = torch.softmax(scores.masked_fill(~mask, -10000.0), dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="softmax of all, cut and divided again" says="The softmax of all keys is cut by the mask and divided by its sum. Beside a far larger masked score, all that is left is 0: mask first."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-12)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="one maximum for all queries" says="Without a mask, the largest score of all queries is subtracted. A query far below it becomes 0 / 0: subtract each query's own maximum."
def scaled_dot_product(Q, K, V, mask=None):
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"the mask must be bool, not {mask.dtype}")
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if mask is None:
        powers = torch.exp(scores - scores.max())
        weights = powers / powers.sum(dim=-1, keepdim=True)
    else:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% wrong="scaled_dot_product" name="filled with -1e9" says="-1e9 is a number like any other: where all real scores are below it, the masked ones win. Use the smallest number of the dtype, torch.finfo(scores.dtype).min."
def scaled_dot_product(Q, K, V, mask=None):
    scores = Q @ K.mT / math.sqrt(Q.shape[-1])
    if mask is None:
        weights = scores.softmax(-1)
    elif mask.dtype != torch.bool:
        raise ValueError("the mask must be bool")
    else:
        weights = scores.masked_fill(~mask, -1e9).softmax(-1).masked_fill(~mask, 0.0)
    return weights @ V, weights


# %% [markdown]
# ## score_entropy


# %% right="score_entropy" name="torch.special.entr"
def score_entropy(d, seed=0):
    generator = torch.Generator()
    generator.manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)

    def width(scores):
        return float(torch.special.entr(scores.softmax(dim=1)).sum() / 256)

    return width(Q @ K.T), width(Q @ K.T * d**-0.5)


# %% right="score_entropy" name="log of a clamped weight"
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    results = []
    for scale in [1, d**0.5]:
        alpha = F.softmax(torch.einsum("td,sd->ts", Q, K) / scale, dim=-1)
        surprise = alpha.clamp(min=1e-30).log().neg()
        results.append(torch.mean((alpha * surprise).sum(1)).item())
    return tuple(results)


# %% right="score_entropy" name="torch.distributions"
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q.matmul(K.t())
    both = torch.stack([scores, scores / d**0.5])
    unscaled, scaled = torch.distributions.Categorical(logits=both).entropy().mean(dim=-1).tolist()
    return unscaled, scaled


# %% wrong="score_entropy" name="bits" says="The logarithm is to base 2, so these are bits; nats have the natural logarithm."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item() / math.log(2))
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="sum over the queries" says="The entropies of all queries are added up; a mean is asked for."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="mean over everything" says="The mean runs over the keys as well: an entropy is the sum over the keys, and the mean is over the queries."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="softmax over the queries" says="The softmax runs over the queries; each query has one softmax over its keys."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=0)
        entropies.append(-(log_p.exp() * log_p).sum(dim=0).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="minus forgotten" says="The minus is missing: an entropy is never negative."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append((log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="the wrong way round" says="The two numbers are the wrong way round: first without, then with the division."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[1], entropies[0]


# %% wrong="score_entropy" name="twice unscaled" says="Both numbers belong to the scores without the division."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="twice scaled" says="Both numbers belong to the scaled scores: the scores were changed before the first entropy was taken."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores / math.sqrt(d), scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="divided by d" says="The scores are divided by d and not by its root."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / d):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="d ** 1 / 2" says="d ** 1 / 2 is d / 2 for Python, for ** comes before /: the root is d ** 0.5."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / (d ** 1 / 2)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="root of the number of keys" says="The scores are divided by the root of 32, the number of keys; d is the size of a query."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(32)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="0 times ln 0" says="A weight that is exactly 0 gives 0 · ln 0, and this is NaN for a computer. log_softmax has finite logarithms."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        p = torch.softmax(scaled, dim=-1)
        entropies.append(-(p * p.log()).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="weights averaged first" says="The weights are averaged over the queries before the entropy is taken: this asks how often each key is chosen, not how sure a query is."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(torch.special.entr(log_p.exp().mean(dim=0)).sum().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="first query only" says="Only the entropy of the first query is returned; a mean over all 256 is asked for."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1)[0].item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="share of ln 32" says="The entropy is divided by ln 32, so it lies between 0 and 1. The unit of the docstring is nats."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item() / math.log(32))
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="distance from ln 32" says="This is ln 32 minus the entropy: 0 for equal weights, where the entropy is largest."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(math.log(32) + (log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="perplexity" says="exp of the entropy is the perplexity; the entropy itself is asked for."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(math.exp(-(log_p.exp() * log_p).sum(dim=-1).mean().item()))
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="tensors returned" says="The results are tensors; the docstring promises two plain floats."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="seed ignored" says="The seed is not used: every seed gives the same numbers."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(0)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="generator not used" says="The numbers are drawn without the generator: the same seed gives another result each time."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d)
    K = torch.randn(32, d)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="keys without the generator" says="Only the queries come from the generator; the keys are other ones in each call."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="keys drawn first" says="The keys are drawn before the queries: the docstring says the order, so that all get the same numbers."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    K = torch.randn(32, d, generator=generator)
    Q = torch.randn(256, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="two generators" says="Queries and keys come from two generators with the same seed: the keys are then the first 32 queries."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.randn(256, d, generator=generator)
    K = torch.randn(32, d, generator=torch.Generator().manual_seed(seed))
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% wrong="score_entropy" name="uniform numbers" says="torch.rand draws from 0 to 1; torch.randn has mean 0 and variance 1."
def score_entropy(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    Q = torch.rand(256, d, generator=generator)
    K = torch.rand(32, d, generator=generator)
    scores = Q @ K.T
    entropies = []
    for scaled in (scores, scores / math.sqrt(d)):
        log_p = torch.log_softmax(scaled, dim=-1)
        entropies.append(-(log_p.exp() * log_p).sum(dim=-1).mean().item())
    return entropies[0], entropies[1]


# %% [markdown]
# ## padding_mask


# %% right="padding_mask" name="a loop over the sentences"
def padding_mask(lengths, S):
    mask = torch.zeros(len(lengths), 1, 1, S, dtype=torch.bool)
    for b, n in enumerate(lengths.tolist()):
        if n < 0 or n > S:
            raise ValueError(f"length {n} does not fit into {S} positions")
        mask[b, 0, 0, :n] = True
    return mask


# %% right="padding_mask" name="columns from None"
def padding_mask(lengths, S):
    if len(lengths) and (int(lengths.max()) > S or int(lengths.min()) < 0):
        raise ValueError("a length is out of range")
    real = lengths[:, None] > torch.arange(S)[None, :]
    return real[:, None, None, :]


# %% right="padding_mask" name="counted with cumsum"
def padding_mask(lengths, S):
    if not torch.all((0 <= lengths) & (lengths <= S)):
        raise ValueError("lengths must be from 0 to S")
    places = torch.ones(lengths.shape[0], S, dtype=torch.long).cumsum(dim=1)
    return (places <= lengths.unsqueeze(1)).unsqueeze(1).unsqueeze(1)


# %% wrong="padding_mask" name="shape [B, S]" says="The mask of stage 00 has the shape [B, S]. Scores with heads are [B, N, T, S]: it would be repeated in the wrong places."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths.view(-1, 1)


# %% wrong="padding_mask" name="shape [B, 1, S]" says="One dimension is missing: [B, 1, S] next to scores [B, N, T, S] puts the sentences where the heads are."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths.view(-1, 1, 1)


# %% wrong="padding_mask" name="shape [B, 1, S, 1]" says="The mask stands in the dimension of the queries: it hides rows, and pads can still be seen."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return (torch.arange(S) < lengths.view(-1, 1, 1, 1)).transpose(2, 3)


# %% wrong="padding_mask" name="shape [B, 1, S, S]" says="The mask is written out for all queries. [B, 1, 1, S] fits any number of queries, also where T and S differ."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return (torch.arange(S) < lengths.view(-1, 1, 1, 1)).expand(-1, 1, S, S)


# %% wrong="padding_mask" name="inverted" says="True and False are exchanged: True means a real word."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) >= lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="one word too many" says="The comparison is <=: counting from 0, position `length` is already a pad."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) <= lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="one word too few" says="The last real word is hidden: positions count from 0."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(1, S + 1) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="pads on the left" says="The real words come first, the pads stand on their right; here it is the other way round."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S).flip(0) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="as wide as the longest" says="The mask has as many columns as the longest sentence, and not S."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(int(lengths.max())) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="all True" says="No pad is hidden."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.ones(len(lengths), 1, 1, S, dtype=torch.bool)


# %% wrong="padding_mask" name="first length for all" says="Every sentence gets the length of the first one."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths[:1].view(-1, 1, 1, 1).expand(len(lengths), 1, 1, 1)


# %% wrong="padding_mask" name="zeros and ones" says="The mask is of numbers; a mask of this course is bool."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return (torch.arange(S) < lengths.view(-1, 1, 1, 1)).long()


# %% wrong="padding_mask" name="minus infinity" says="This is a mask to add, of 0 and -inf; a mask of this course is bool."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.zeros(len(lengths), 1, 1, S).masked_fill(torch.arange(S) >= lengths.view(-1, 1, 1, 1), float("-inf"))


# %% wrong="padding_mask" name="no error" says="A length that does not fit is taken in silence: some words of the sentence have no column."
def padding_mask(lengths, S):
    return torch.arange(S) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="negative lengths are taken" says="A negative length is taken in silence."
def padding_mask(lengths, S):
    if bool((lengths > S).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="only if all are wrong" says="The error comes only if every length is wrong; one is enough."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).all()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="only the first is looked at" says="Only the first length is looked at."
def padding_mask(lengths, S):
    if not 0 <= int(lengths[0]) <= S:
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="S itself refused" says="A sentence that fills all S columns is refused; it fits."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths >= S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="0 refused" says="An empty sentence is refused; the docstring allows a length of 0."
def padding_mask(lengths, S):
    if bool(((lengths <= 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="assert" says="assert raises an AssertionError; the docstring promises a ValueError."
def padding_mask(lengths, S):
    assert bool(((lengths >= 0) & (lengths <= S)).all()), "every length must be from 0 to S"
    return torch.arange(S) < lengths.view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="lengths changed in place" says="The caller's lengths are changed: they are one smaller after the call."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"every length must be from 0 to {S}")
    return torch.arange(S) <= lengths.sub_(1).view(-1, 1, 1, 1)


# %% wrong="padding_mask" name="positions of 8 bits" says="uint8 counts to 255 and begins again at 0: a position above that looks like a small one. Leave torch.arange its own type."
def padding_mask(lengths, S):
    if bool(((lengths < 0) | (lengths > S)).any()):
        raise ValueError(f"padding_mask: every length must be from 0 to {S}")
    return torch.arange(S, dtype=torch.uint8) < lengths.view(-1, 1, 1, 1)


# %% [markdown]
# ## causal_mask


# %% right="causal_mask" name="positions compared"
def causal_mask(T):
    t = torch.arange(T)
    return t[None, :] <= t[:, None]


# %% right="causal_mask" name="two loops"
def causal_mask(T):
    return torch.tensor([[s <= t for s in range(T)] for t in range(T)])


# %% right="causal_mask" name="what is not above the diagonal"
def causal_mask(T):
    future = torch.triu(torch.ones(T, T), diagonal=1)
    return future == 0


# %% wrong="causal_mask" name="the past hidden" says="triu keeps the upper triangle: each position sees the future and not the past. Rows ask, columns are asked."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool).triu()


# %% wrong="causal_mask" name="inverted" says="True and False are exchanged: here the future is visible and the past hidden. (torch's own layer has its mask this way round.)"
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool).triu(1)


# %% wrong="causal_mask" name="itself hidden" says="The diagonal is False: a position cannot see itself, and the first one sees nothing."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool).tril(-1)


# %% wrong="causal_mask" name="one position too many" says="Each position also sees the next one, and this is the symbol that it must name."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool).tril(1)


# %% wrong="causal_mask" name="all True" says="Nothing is hidden: every position sees the whole future."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool)


# %% wrong="causal_mask" name="all False" says="Everything is hidden."
def causal_mask(T):
    return torch.zeros(T, T, dtype=torch.bool)


# %% wrong="causal_mask" name="only itself" says="Each position sees only itself and not what came before it."
def causal_mask(T):
    return torch.eye(T, dtype=torch.bool)


# %% wrong="causal_mask" name="only itself and the one before" says="Each position sees only itself and the one before: all earlier ones belong to the past, too."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool).tril().triu(-1)


# %% wrong="causal_mask" name="zeros and ones" says="The mask is of floats 0 and 1; a mask of this course is bool."
def causal_mask(T):
    return torch.ones(T, T).tril()


# %% wrong="causal_mask" name="whole numbers" says="The mask is of whole numbers 0 and 1; a mask of this course is bool, and ~1 is -2."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.long).tril()


# %% wrong="causal_mask" name="minus infinity" says="This is a mask to add, of 0 and -inf; a mask of this course is bool."
def causal_mask(T):
    return torch.full((T, T), float("-inf")).triu(1)


# %% wrong="causal_mask" name="a list" says="This is a list of lists; a tensor is promised."
def causal_mask(T):
    return [[s <= t for s in range(T)] for t in range(T)]


# %% wrong="causal_mask" name="shape [1, 1, T, T]" says="The shape is [1, 1, T, T]; [T, T] is promised. torch itself repeats it for sentences and heads."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool).tril().view(1, 1, T, T)


# %% wrong="causal_mask" name="shape [1, T, T]" says="The shape is [1, T, T]; [T, T] is promised."
def causal_mask(T):
    return torch.ones(T, T, dtype=torch.bool).tril().unsqueeze(0)


# %% wrong="causal_mask" name="one row, one column too many" says="The mask is one larger than T."
def causal_mask(T):
    return torch.ones(T + 1, T + 1, dtype=torch.bool).tril()


# %% wrong="causal_mask" name="positions of 8 bits" says="uint8 counts to 255 and begins again at 0: a position above that looks like a small one. Leave torch.arange its own type."
def causal_mask(T):
    positions = torch.arange(T, dtype=torch.uint8)
    return positions.unsqueeze(1) >= positions


# %% wrong="causal_mask" name="cut out of a table of 128" says="The mask is cut out of a table for 128 positions. A longer sentence gets a mask that is too small."
TABLE = torch.ones(128, 128, dtype=torch.bool).tril()


def causal_mask(T):
    return TABLE[:T, :T].clone()


# %% [markdown]
# ## split_heads


# %% right="split_heads" name="chunks stacked"
def split_heads(x, N):
    if x.shape[-1] % N:
        raise ValueError("the width cannot be shared by the heads")
    return torch.stack(x.chunk(N, dim=-1), dim=1)


# %% right="split_heads" name="unflatten and permute"
def split_heads(x, N):
    d, rest = divmod(x.size(2), N)
    if rest:
        raise ValueError(f"{N} heads do not fit")
    return x.unflatten(2, (N, d)).permute(0, 2, 1, 3)


# %% right="split_heads" name="a loop over the heads"
def split_heads(x, N):
    D = x.shape[2]
    if D // N * N != D:
        raise ValueError(f"D = {D} is no multiple of the number of heads")
    d = D // N
    heads = [x[:, :, n * d : n * d + d].unsqueeze(1) for n in range(N)]
    return torch.cat(heads, dim=1)


# %% right="split_heads" name="view and transpose"
def split_heads(x, N):
    B, T, D = x.shape
    if D % N:
        raise ValueError(f"{N} heads cannot share {D} features")
    return x.view(B, T, N, D // N).transpose(1, 2)


# %% wrong="split_heads" name="view without transpose" says="The shape is right, but the numbers are mixed: halves of one word have become two words. First cut D, then move the heads."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.reshape(B, N, T, D // N)


# %% wrong="split_heads" name="heads not moved" says="The shape is [B, T, N, d]: the heads still stand behind the words."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.reshape(B, T, N, D // N)


# %% wrong="split_heads" name="heads before the batch" says="The shape is [N, B, T, d]: the batch comes first."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return torch.stack(x.chunk(N, dim=-1))


# %% wrong="split_heads" name="words last" says="The shape is [B, N, d, T]: words and features are exchanged."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.reshape(B, T, N, D // N).permute(0, 2, 3, 1)


# %% wrong="split_heads" name="every N-th feature" says="Head n gets the features n, n + N, n + 2N, …; it should get a piece of D / N neighbours."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.reshape(B, T, D // N, N).permute(0, 3, 1, 2)


# %% wrong="split_heads" name="heads in reverse" says="The heads are in reverse order: the first features belong to head 0."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.reshape(B, T, N, D // N).transpose(1, 2).flip(1)


# %% wrong="split_heads" name="leak across the batch" says="The batch is mixed with the heads: a head of one sentence holds words of another."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.reshape(N, B, T, D // N).transpose(0, 1)


# %% wrong="split_heads" name="all features for every head" says="Every head gets all D features; each should get its own d = D / N."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.unsqueeze(1).expand(B, N, T, D)


# %% wrong="split_heads" name="first piece for every head" says="Every head gets the first d features: all heads see the same."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x[:, :, : D // N].unsqueeze(1).expand(B, N, T, D // N)


# %% wrong="split_heads" name="one head" says="All features are in one head; N is not used."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.unsqueeze(1)


# %% wrong="split_heads" name="shape only" says="Zeros of the right shape."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return torch.zeros(B, N, T, D // N)


# %% wrong="split_heads" name="d heads of size N" says="The two new sizes are exchanged: there are N heads of size D / N, not D / N heads of size N."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.reshape(B, T, D // N, N).transpose(1, 2)


# %% wrong="split_heads" name="detached" says="detach() cuts the gradient: nothing before the heads can learn."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    return x.detach().reshape(B, T, N, D // N).transpose(1, 2)


# %% wrong="split_heads" name="rest thrown away" says="If N does not divide D, the last features are thrown away in silence; the docstring promises a ValueError."
def split_heads(x, N):
    B, T, D = x.shape
    D = D // N * N
    x = x[:, :, :D]
    return x.reshape(B, T, N, D // N).transpose(1, 2)


# %% wrong="split_heads" name="no error of its own" says="Without the test, torch raises a RuntimeError about shapes; the docstring promises a ValueError that speaks of heads."
def split_heads(x, N):
    B, T, D = x.shape
    return x.reshape(B, T, N, D // N).transpose(1, 2)


# %% wrong="split_heads" name="assert" says="assert raises an AssertionError; the docstring promises a ValueError."
def split_heads(x, N):
    B, T, D = x.shape
    assert D % N == 0, "the heads do not fit"
    return x.reshape(B, T, N, D // N).transpose(1, 2)


# %% wrong="split_heads" name="x normalised in place" says="The caller's x is changed."
def split_heads(x, N):
    B, T, D = x.shape
    if D % N != 0:
        raise ValueError(f"{D} features cannot be shared by {N} heads")
    x.data -= 1
    x = x + 1
    return x.reshape(B, T, N, D // N).transpose(1, 2)


# %% [markdown]
# ## merge_heads


# %% right="merge_heads" name="contiguous and view"
def merge_heads(x):
    B, N, T, d = x.shape
    return x.permute(0, 2, 1, 3).contiguous().view(B, T, N * d)


# %% right="merge_heads" name="heads side by side"
def merge_heads(x):
    return torch.cat(list(x.unbind(dim=1)), dim=2)


# %% right="merge_heads" name="word by word"
def merge_heads(x):
    words = [x[:, :, t].reshape(x.shape[0], -1) for t in range(x.shape[2])]
    return torch.stack(words, dim=1)


# %% wrong="merge_heads" name="view without transpose" says="The shape is right, but the numbers are mixed: a word gets features of its neighbours. The heads must move behind the words first."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.reshape(B, T, N * d)


# %% wrong="merge_heads" name="heads not joined" says="The shape is [B, T, N, d]: the heads still have a dimension of their own."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.transpose(1, 2)


# %% wrong="merge_heads" name="heads joined with words" says="Heads and words are joined to [B, N · T, d]; the features of one word belong together."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.flatten(1, 2)


# %% wrong="merge_heads" name="features between" says="The features of the heads are mixed, one from each head in turn: the first d features belong to head 0."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.permute(0, 2, 3, 1).reshape(B, T, N * d)


# %% wrong="merge_heads" name="sum over the heads" says="The heads are added up: [B, T, d]. They stand side by side."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.sum(dim=1)


# %% wrong="merge_heads" name="mean over the heads" says="The heads are averaged: [B, T, d]. They stand side by side."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.mean(dim=1)


# %% wrong="merge_heads" name="first head only" says="Only head 0 is kept."
def merge_heads(x):
    B, N, T, d = x.shape
    return x[:, 0]


# %% wrong="merge_heads" name="heads in reverse" says="The heads are joined in reverse order: head 0 comes first."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.flip(1).transpose(1, 2).reshape(B, T, N * d)


# %% wrong="merge_heads" name="words last" says="The shape is [B, N · d, T]: words and features are exchanged."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.transpose(2, 3).reshape(B, N * d, T)


# %% wrong="merge_heads" name="leak across the batch" says="The batch is mixed with the words: a sentence gets words of another one."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.permute(2, 0, 1, 3).reshape(B, T, N * d)


# %% wrong="merge_heads" name="view after transpose" says="After transpose the numbers lie in memory in another order, and view refuses them; reshape or flatten copies if it must."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.transpose(1, 2).view(B, T, N * d)


# %% wrong="merge_heads" name="squeeze" says="squeeze() drops every dimension of size 1: also a sentence of one word, or a batch of one."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.transpose(1, 2).reshape(B, T, N * d).squeeze()


# %% wrong="merge_heads" name="detached" says="detach() cuts the gradient: the heads cannot learn."
def merge_heads(x):
    B, N, T, d = x.shape
    return x.detach().transpose(1, 2).reshape(B, T, N * d)


# %% wrong="merge_heads" name="one head detached" says="Only head 0 gets a gradient: the others can never learn."
def merge_heads(x):
    B, N, T, d = x.shape
    return torch.cat([x[:, :1], x[:, 1:].detach()], dim=1).transpose(1, 2).reshape(B, T, N * d)


# %% wrong="merge_heads" name="shape only" says="Zeros of the right shape."
def merge_heads(x):
    B, N, T, d = x.shape
    return torch.zeros(B, T, N * d)


# %% wrong="merge_heads" name="x changed in place" says="The caller's heads are changed: they are multiplied by 2 and hold other numbers after the call."
def merge_heads(x):
    merged = x.transpose(1, 2).flatten(2).clone()
    x.data *= 2
    return merged


# %% [markdown]
# ## MultiHeadAttention


# %% right="MultiHeadAttention" name="attention written out"
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N:
            raise ValueError("N heads must divide D")
        self.heads, self.size = N, D // N
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self, name, nn.Linear(D, D))

    def forward(self, x_q, x_kv, mask=None):
        B, T, D = x_q.shape
        cut = (self.heads, self.size)
        Q, K = self.q_proj(x_q).unflatten(2, cut), self.k_proj(x_kv).unflatten(2, cut)
        V = self.v_proj(x_kv).unflatten(2, cut)
        scores = torch.einsum("btnd,bsnd->bnts", Q, K) / math.sqrt(self.size)
        if mask is not None:
            scores = scores.masked_fill(~mask, -1e30)
        weights = scores.softmax(dim=-1)
        if mask is not None:
            weights = weights * mask
        found = torch.einsum("bnts,bsnd->btnd", weights, V).reshape(B, T, D)
        return self.out_proj(found), weights


# %% right="MultiHeadAttention" name="a loop over the heads"
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        nn.Module.__init__(self)
        if D // N * N != D:
            raise ValueError(f"{N} heads?")
        self.out_proj = nn.Linear(D, D)
        self.v_proj = nn.Linear(D, D)
        self.k_proj = nn.Linear(D, D)
        self.q_proj = nn.Linear(D, D)
        self.d = D // N

    def forward(self, x_q, x_kv, mask=None):
        Q, K, V = self.q_proj(x_q), self.k_proj(x_kv), self.v_proj(x_kv)
        outs, tables = [], []
        for n, (q, k, v) in enumerate(zip(Q.split(self.d, 2), K.split(self.d, 2), V.split(self.d, 2), strict=True)):
            see = mask
            if mask is not None and mask.dim() > 2:
                heads = mask.movedim(-3, 0)
                see = heads[n if len(heads) > 1 else 0]
            out, weights = scaled_dot_product(q, k, v, see)
            outs.append(out)
            tables.append(weights)
        return self.out_proj(torch.cat(outs, dim=2)), torch.stack(tables, dim=1)


# %% wrong="MultiHeadAttention" name="only self-attention" says="x_kv is not used: the words of x_q ask themselves, so a decoder could never look at the encoder."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_q), self.N)
        V = split_heads(self.v_proj(x_q), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="queries from x_kv" says="The queries are made of x_kv: those who are asked ask themselves."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_kv), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="keys from x_q" says="The keys are made of x_q; they belong to the words that are asked."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_q), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="values from x_q" says="The values are made of x_q; they belong to the words that are asked."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_q if x_q.shape == x_kv.shape else x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="the two inputs exchanged" says="The two inputs are exchanged: x_q asks, x_kv is asked."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_kv), self.N)
        K = split_heads(self.k_proj(x_q), self.N)
        V = split_heads(self.v_proj(x_q), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="queries and keys exchanged" says="q_proj and k_proj have exchanged their places. Between a word and itself nobody would notice; between two sentences it is another layer."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.k_proj(x_q), self.N)
        K = split_heads(self.q_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="keys and values exchanged" says="k_proj makes the values and v_proj the keys."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.v_proj(x_kv), self.N)
        V = split_heads(self.k_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="values are the keys" says="The keys are used as values, so a word must be found by what it hands over; v_proj never learns."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, K, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="keys are the queries' layer" says="q_proj makes queries and keys: then a word always looks like what it seeks, and the scores of self-attention are symmetric."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.q_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="values not projected" says="The values are the words themselves; v_proj is not used."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(x_kv, self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="queries not projected" says="The queries are the words themselves; q_proj is not used."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(x_q, self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="out_proj forgotten" says="The heads stand side by side, but nothing mixes them: out_proj is missing."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return merge_heads(out), weights


# %% wrong="MultiHeadAttention" name="heads not split" says="There is one head of width D; N is not used."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        N = 1
        Q = split_heads(self.q_proj(x_q), N)
        K = split_heads(self.k_proj(x_kv), N)
        V = split_heads(self.v_proj(x_kv), N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="view without transpose" says="The heads are cut by a view to the right shape: halves of one word become two words."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = self.q_proj(x_q).view(len(x_q), self.N, x_q.shape[1], -1)
        K = self.k_proj(x_kv).view(len(x_kv), self.N, x_kv.shape[1], -1)
        V = self.v_proj(x_kv).view(len(x_kv), self.N, x_kv.shape[1], -1)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="merged by a view" says="The heads are joined by a reshape without moving them: a word gets features of its neighbours."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(out.reshape(x_q.shape)), weights


# %% wrong="MultiHeadAttention" name="scale of the whole width" says="The scores are divided by the root of D; d is the size of one head."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q / math.sqrt(self.N), K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="scaled twice" says="The queries are divided by the root of d, and scaled_dot_product divides once more."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q / math.sqrt(Q.shape[-1]), K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="mask not handed on" says="The mask does not reach the attention: pads and the future are seen."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="mask inverted" says="The mask is turned round: True means that a query may attend to the key."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, None if mask is None else ~mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="mask for the first head only" says="Only the first head gets the mask; the others see everything."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        if mask is not None:
            mask = mask | (torch.arange(self.N).view(1, -1, 1, 1) > 0)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="always causal" says="The future is always hidden. Whether it is, must be said by the mask."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        see = torch.ones(Q.shape[2], K.shape[2], dtype=torch.bool).tril()
        mask = see if mask is None else mask & see
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="mask gets two more dimensions" says="The mask gets two more dimensions; the caller has already made it fit [B, N, T, S]."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        if mask is not None and mask.dim() > 2:
            mask = mask.unsqueeze(1).unsqueeze(1)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="mask changed in place" says="The caller's mask is turned round in place: the next block gets the opposite."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        hidden = None if mask is None else mask.logical_not_()
        out, weights = scaled_dot_product(Q, K, V, None if mask is None else ~hidden)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="weights averaged" says="The weights are averaged over the heads: [B, T, S]. Each head has a table of its own."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights.mean(dim=1)


# %% wrong="MultiHeadAttention" name="weights detached" says="The weights are returned without a gradient."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights.detach()


# %% wrong="MultiHeadAttention" name="only the output" says="Only the output is returned; the docstring promises a tuple of output and weights."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out))


# %% wrong="MultiHeadAttention" name="tuple the other way round" says="The tuple is the other way round: first the output, then the weights."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return weights, self.out_proj(merge_heads(out))


# %% wrong="MultiHeadAttention" name="a residual inside" says="x_q is added to the output. The residual connection belongs to the block, not to this layer."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return x_q + self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="relu at the end" says="A relu follows out_proj: half of the output becomes 0. The layer is linear at its end."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return torch.relu(self.out_proj(merge_heads(out))), weights


# %% wrong="MultiHeadAttention" name="no bias" says="The layers have no bias; the docstring says with bias."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D, bias=False), nn.Linear(D, D, bias=False)
        self.v_proj, self.out_proj = nn.Linear(D, D, bias=False), nn.Linear(D, D, bias=False)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="key without bias" says="k_proj has no bias. It makes no difference to the weights, but the docstring asks for it."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D, bias=False)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="layers in a list" says="Layers in a plain list are not found by parameters(): an optimizer never trains them."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj = nn.Linear(D, D)
        self.hidden_layers = [nn.Linear(D, D)]

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.hidden_layers[0](merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="a norm too many" says="There is a layer norm in the layer that nobody asked for."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.norm = nn.LayerNorm(D)
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="one projection for all" says="One layer to 3 · D has other names than the four layers of the docstring."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.all_proj, self.out_proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.D = D

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.all_proj(x_q)[..., : self.D], self.N)
        K = split_heads(self.all_proj(x_kv)[..., self.D : 2 * self.D], self.N)
        V = split_heads(self.all_proj(x_kv)[..., 2 * self.D :], self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="no error" says="A width that N does not divide is accepted when the layer is made, and fails much later."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="assert" says="assert raises an AssertionError; the docstring promises a ValueError."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        assert D % N == 0, "the heads do not fit"
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="queries detached" says="detach() cuts the queries off: the words that ask never learn to ask."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N).detach()
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% wrong="MultiHeadAttention" name="input changed in place" says="The input is overwritten with the output: the residual connection of the block would add the wrong thing."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        out, weights = scaled_dot_product(Q, K, V, mask)
        out = self.out_proj(merge_heads(out))
        x_q.data.copy_(out)
        return out, weights


# %% wrong="MultiHeadAttention" name="an own attention, filled with -10000" says="The attention is written again, and masked scores are filled with -10000. Where all others are smaller still, the masked keys win. scaled_dot_product can do this."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
        if mask is None:
            weights = torch.softmax(scores, dim=-1)
        else:
            weights = torch.softmax(scores.masked_fill(~mask, -10000.0), dim=-1).masked_fill(~mask, 0.0)
        return self.out_proj(merge_heads(weights @ V)), weights


# %% wrong="MultiHeadAttention" name="an own softmax with exp" says="exp of a large score is infinite. scaled_dot_product can do this: torch.softmax subtracts the largest score first."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N != 0:
            raise ValueError(f"{D} features cannot be shared by {N} heads")
        self.N = N
        self.q_proj, self.k_proj = nn.Linear(D, D), nn.Linear(D, D)
        self.v_proj, self.out_proj = nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
        powers = scores.exp() if mask is None else scores.exp() * mask
        weights = powers / powers.sum(dim=-1, keepdim=True).clamp(min=1e-20)
        return self.out_proj(merge_heads(weights @ V)), weights


# %% wrong="MultiHeadAttention" name="a mask of three dimensions is one for each sentence" says="A mask of three dimensions gets one more in the middle, so its rows are taken for sentences. As torch broadcasts it, they are for the heads: hand it on as it is."
class MultiHeadAttention(nn.Module):
    def __init__(self, D, N):
        super().__init__()
        if D % N:
            raise ValueError("the number of heads must divide D")
        self.N = N
        self.q_proj = nn.Linear(D, D)
        self.k_proj = nn.Linear(D, D)
        self.v_proj = nn.Linear(D, D)
        self.out_proj = nn.Linear(D, D)

    def forward(self, x_q, x_kv, mask=None):
        Q = split_heads(self.q_proj(x_q), self.N)
        K = split_heads(self.k_proj(x_kv), self.N)
        V = split_heads(self.v_proj(x_kv), self.N)
        if mask is not None and mask.dim() == 3:
            mask = mask.unsqueeze(1)  # the same for all heads
        out, weights = scaled_dot_product(Q, K, V, mask)
        return self.out_proj(merge_heads(out)), weights


# %% [markdown]
# ## sinusoidal


# %% right="sinusoidal" name="two loops"
def sinusoidal(T, D):
    if D % 2:
        raise ValueError("D is not even")
    table = torch.zeros(T, D)
    for t in range(T):
        for i in range(D // 2):
            angle = t / 10000 ** (2 * i / D)
            table[t, 2 * i] = math.sin(angle)
            table[t, 2 * i + 1] = math.cos(angle)
    return table


# %% right="sinusoidal" name="exp of a logarithm, columns filled"
def sinusoidal(T, D):
    if D != 2 * (D // 2):
        raise ValueError(f"{D}: an even number, please")
    t = torch.arange(T).float()[:, None]
    speed = torch.exp(torch.arange(0, D, 2).float() * (-math.log(10000.0) / D))
    table = torch.empty(T, D)
    table[:, 0::2] = torch.sin(t * speed)
    table[:, 1::2] = torch.cos(t * speed)
    return table


# %% right="sinusoidal" name="a cosine is a sine, a quarter turn later"
def sinusoidal(T, D):
    if D & 1:
        raise ValueError("only an even D")
    pair = torch.div(torch.arange(D), 2, rounding_mode="floor")
    angle = torch.arange(T, dtype=torch.float64).view(-1, 1) / 10000 ** (2 * pair / D)
    return torch.sin(angle + torch.arange(D) % 2 * math.pi / 2).float()


# %% wrong="sinusoidal" name="sines first, then cosines" says="All sines stand in the first half and all cosines in the second. Some published programs do so; the formula here lets them take turns."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    return torch.cat([angles.sin(), angles.cos()], dim=1)


# %% wrong="sinusoidal" name="cosine first" says="Cosine and sine are exchanged: the even columns hold the sine."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.cos()
    table[:, 1::2] = angles.sin()
    return table


# %% wrong="sinusoidal" name="only sines" says="All columns are sines; the odd ones must be cosines."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.sin()
    return table


# %% wrong="sinusoidal" name="positions from 1" says="The positions count from 1; the first position is 0."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(1, T + 1).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="1000" says="The base is 1000; the formula has 10000."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 1000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="exponent i / D" says="The exponent is i / D in place of 2i / D: the hands turn too fast."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(D // 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="exponent 2i without D" says="The exponent is not divided by D: already the second hand stands still."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0.0, D, 2))
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="exponent rounded down" says="// cuts all exponents to 0: all hands have the same speed."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-(torch.arange(0, D, 2) // D).float())
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="last speed exactly 1 / 10000" says="The exponents are divided by D - 2, so that the last speed is 1 / 10000. Some programs do so; the formula divides by D."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / max(D - 2, 1))
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="each column its own speed" says="Column j has the exponent j / D: sine and cosine of a pair then have different speeds and are no hand of a clock."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = (torch.arange(T).unsqueeze(1) * 10000.0 ** (-torch.arange(1, D, 2) / D)).cos()
    return table


# %% wrong="sinusoidal" name="multiplied in place of divided" says="The positions are multiplied by 10000^(2i/D) in place of being divided: the hands turn thousands of times from word to word."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="full turns" says="The angles are multiplied by 2π; the formula has no 2π."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds * 2 * math.pi
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="degrees" says="The angles are taken as degrees; sine and cosine of torch want radians."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds * math.pi / 180
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="positions as a share of T" says="The positions are divided by T: then the same position has another vector in a longer sentence."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = (torch.arange(T) / T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="features and positions exchanged" says="The table is turned: [D, T]."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table.T


# %% wrong="sinusoidal" name="a batch dimension" says="The shape is [1, T, D]; [T, D] is promised."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table.unsqueeze(0)


# %% wrong="sinusoidal" name="zeros" says="All positions are 0: words have no order."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    return torch.zeros(T, D)


# %% wrong="sinusoidal" name="random" says="The vectors are random; the docstring gives a formula."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    return torch.randn(T, D)


# %% wrong="sinusoidal" name="divided by the root of D" says="The table is divided by the root of D; the formula has no such factor."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table / math.sqrt(D)


# %% wrong="sinusoidal" name="odd D is rounded" says="An odd D loses its last column in silence; the docstring promises a ValueError."
def sinusoidal(T, D):
    D = D // 2 * 2
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="odd D gets a lonely sine" says="An odd D is taken: its last sine has no cosine. The docstring promises a ValueError."
def sinusoidal(T, D):
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()[:, : D // 2]
    return table


# %% wrong="sinusoidal" name="no error of its own" says="Without the test, an odd D ends in a RuntimeError about shapes; the docstring promises a ValueError."
def sinusoidal(T, D):
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="assert" says="assert raises an AssertionError; the docstring promises a ValueError."
def sinusoidal(T, D):
    assert D % 2 == 0, "D must be even"
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).unsqueeze(1) * speeds
    table = torch.zeros(T, D)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


# %% wrong="sinusoidal" name="positions of 8 bits" says="uint8 counts to 255 and begins again at 0, so position 256 looks like position 0. Leave torch.arange its own type."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"sinusoidal: D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T, dtype=torch.uint8).unsqueeze(1) * speeds
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


# %% wrong="sinusoidal" name="positions of 16 bits" says="A float of 16 bits holds whole numbers up to 2048 only, so later positions share a vector."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"sinusoidal: D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(T).half().float().unsqueeze(1) * speeds
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


# %% wrong="sinusoidal" name="cut out of a table of 512" says="The table is made for 512 positions. A longer sentence gets too few of them."
def sinusoidal(T, D):
    if D % 2 != 0:
        raise ValueError(f"sinusoidal: D must be even, not {D}")
    speeds = 10000.0 ** (-torch.arange(0, D, 2) / D)
    angles = torch.arange(512).unsqueeze(1) * speeds
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:T]


# %% [markdown]
# ## TransformerBlock


# %% right="TransformerBlock" name="the two parts as methods"
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm != "pre" and norm != "post":
            raise ValueError("unknown norm")
        self.before = norm == "pre"
        self.norm1 = nn.LayerNorm(D)
        self.attention = MultiHeadAttention(D, N)
        self.norm2 = nn.LayerNorm(D)
        self.linear1 = nn.Linear(D, H)
        self.linear2 = nn.Linear(H, D)

    def look(self, x, mask):
        out, _ = self.attention(x, x, mask)
        return out

    def feed(self, x):
        return self.linear2(F.relu(self.linear1(x)))

    def forward(self, x, mask=None):
        if self.before:
            x = self.look(self.norm1(x), mask) + x
            x = self.feed(self.norm2(x)) + x
        else:
            x = self.norm1(self.look(x, mask) + x)
            x = self.norm2(self.feed(x) + x)
        return x


# %% right="TransformerBlock" name="one path with identities"
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        nn.Module.__init__(self)
        order = {"pre": 0, "post": 1}
        if norm not in order:
            raise ValueError(f"norm: {norm}")
        self.after = order[norm]
        self.linear2, self.linear1 = nn.Linear(H, D), nn.Linear(D, H)
        self.norm2, self.norm1 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.attention = MultiHeadAttention(D, N)

    def forward(self, x, mask=None):
        for norm, part in (
            (self.norm1, lambda y: self.attention(y, y, mask)[0]),
            (self.norm2, lambda y: self.linear2(self.linear1(y).clamp(min=0))),
        ):
            x = norm(x + part(x)) if self.after else x + part(norm(x))
        return x


# %% wrong="TransformerBlock" name="always pre" says="The argument `norm` is not used: every block is pre-norm."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm:
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="always post" says="The argument `norm` is not used: every block is post-norm."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if not self.norm:
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="pre and post exchanged" says="pre and post are exchanged: in pre-norm the norm stands before the part."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "post":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="attention without residual" says="Nothing is added around the attention: what came in is lost, and the gradient has no straight way."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="feed without residual" says="Nothing is added around the feed part: what the attention found must pass through it."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="no residuals" says="Nothing is added at all: twelve such blocks could hardly be trained."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = self.attention(y, y, mask)[0]
            return self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(self.attention(x, x, mask)[0])
        return self.norm2(self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="normed x added" says="In pre-norm the addition uses x as it came in; here the normed x is added, and the straight way is interrupted."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = y + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="keys not normed" says="In pre-norm queries, keys and values all come from the normed x; here only the queries do."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, x, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="queries not normed" says="In pre-norm queries, keys and values all come from the normed x; here the queries do not."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(x, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="pre without norm1" says="In pre-norm the attention gets x without a norm."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = x
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="pre without norm2" says="In pre-norm the feed part gets x without a norm."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(x)))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="post without norm1" says="In post-norm the norm after the attention is missing."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = x + self.attention(x, x, mask)[0]
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="post without norm2" says="In post-norm the norm at the end is missing."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return x + self.linear2(torch.relu(self.linear1(x)))


# %% wrong="TransformerBlock" name="norm1 twice" says="norm1 is used for both parts, so norm2 is never trained."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm1(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm1(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="norms exchanged" says="norm1 and norm2 are exchanged: norm1 belongs to the attention."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm2(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm1(x))))
        x = self.norm2(x + self.attention(x, x, mask)[0])
        return self.norm1(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="post: norm before the addition" says="In post-norm the sum is normed; here the part is normed first and then added."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = x + self.norm1(self.attention(x, x, mask)[0])
        return x + self.norm2(self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="post: attention normed before the addition" says="In post-norm the sum is normed, twice; here the attention is normed first and then added. (The feed part is right.)"
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = x + self.norm1(self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="post: feed part normed before the addition" says="In post-norm the sum is normed, twice; here the feed part is normed first and then added. (The attention is right.)"
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return x + self.norm2(self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="post: attention as in pre" says="In post-norm the attention gets x itself, and the sum is normed; here norm1 stands before the attention, as in pre-norm."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        y = self.norm1(x)
        x = x + self.attention(y, y, mask)[0]
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="post: norm of x only" says="In post-norm the sum is normed; here x is normed and the part added after it."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x) + self.attention(x, x, mask)[0]
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="a norm at the end of pre" says="A norm stands at the end of each pre-norm block: then nothing is left of the straight way. The one more norm belongs to the end of the model."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return self.norm2(x + self.linear2(torch.relu(self.linear1(self.norm2(x)))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="parts side by side" says="The feed part reads what came into the block, and not what the attention made of it."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(y))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="feed added to the first x" says="The feed part is added to the x that came in: the result of the attention is lost from the sum."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            old, x = x, x + self.attention(y, y, mask)[0]
            return old + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="feed part first" says="The feed part comes before the attention."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
            y = self.norm1(x)
            return x + self.attention(y, y, mask)[0]
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="no feed part" says="The feed part is missing: the words look at each other and never work on what they got."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x)


# %% wrong="TransformerBlock" name="no attention" says="The attention is missing: every word stays alone."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x)
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="no relu" says="Without the relu, linear1 and linear2 together are one linear layer."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2((self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2((self.linear1(x))))


# %% wrong="TransformerBlock" name="gelu" says="GELU is used by many later models; this block has a ReLU."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(F.gelu(self.linear1(x))))


# %% wrong="TransformerBlock" name="relu at the end" says="A relu stands behind linear2 as well: the feed part can only add, never take away."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + torch.relu(self.linear2(torch.relu(self.linear1(self.norm2(x)))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + torch.relu(self.linear2(torch.relu(self.linear1(x)))))


# %% wrong="TransformerBlock" name="mask not handed on" says="The mask does not reach the attention: pads and the future are seen."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="mask only in pre" says="In post-norm the mask does not reach the attention."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="mask only in post" says="In pre-norm the mask does not reach the attention."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="mask inverted" says="The mask is turned round: True means that a word may attend to another."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        mask = None if mask is None else ~mask
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="tuple returned" says="Output and weights are returned; a block gives the output only, so that blocks can be stacked."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x)))), None
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x)))), None


# %% wrong="TransformerBlock" name="one head" says="The number of heads is not used: the block has one head."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, 1)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="H not used" says="The hidden layer has 4 · D numbers, whatever H says."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="no bias" says="The linear layers have no bias; the docstring says nn.Linear, which has one."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H, bias=False), nn.Linear(H, D, bias=False)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="other names" says="The feed part is one nn.Sequential: its parameters have other names than those of the docstring."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.feed = nn.Sequential(nn.Linear(D, H), nn.ReLU(), nn.Linear(H, D))
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.feed(self.norm2(x))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.feed(x))


# %% wrong="TransformerBlock" name="norms without weights" says="The norms have no weights to learn; nn.LayerNorm(D) scales and shifts."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D, elementwise_affine=False), nn.LayerNorm(D, elementwise_affine=False)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="attention detached" says="detach() cuts the attention off: it is never trained."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0].detach()
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0].detach())
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="input changed in place" says="x += … writes into the caller's tensor: who still needs the input finds the output."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            saved, y = x, self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            if not saved.requires_grad:
                saved.copy_(x)
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="any norm is taken" says="An unknown norm is taken in silence, as post-norm: a typing mistake goes unseen."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="capital letters are taken" says="Only exactly pre and post are known; here Pre passes as well."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        norm = str(norm).lower()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="part of a word is taken" says="`norm in 'prepost'` is also true for parts of that text, as the empty one: compare with a tuple of two texts."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm is None or norm not in "prepost":
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="assert" says="assert raises an AssertionError; the docstring promises a ValueError."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        assert norm in ("pre", "post"), "unknown norm"
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="compared with is" says="`norm is 'pre'` asks whether both are the same object. Texts are compared with ==."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x, mask=None):
        pre = "pre"
        if self.norm is pre:
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# %% wrong="TransformerBlock" name="norms with another eps" says="The norms have an eps of their own. It matters for small inputs; nn.LayerNorm(D) is what the docstring names."
class TransformerBlock(nn.Module):
    def __init__(self, D, N, H, norm="pre"):
        super().__init__()
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be pre or post, not {norm!r}")
        self.norm = norm
        self.attention = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2 = nn.LayerNorm(D, eps=1e-12), nn.LayerNorm(D, eps=1e-12)

    def forward(self, x, mask=None):
        if self.norm == "pre":
            y = self.norm1(x)
            x = x + self.attention(y, y, mask)[0]
            return x + self.linear2(torch.relu(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x, x, mask)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


# ## DecoderBlock


# %% right="DecoderBlock" name="the three parts as methods"
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        nn.Module.__init__(self)
        self.norm3, self.norm2, self.norm1 = (nn.LayerNorm(D) for _ in range(3))
        self.linear2, self.linear1 = nn.Linear(H, D), nn.Linear(D, H)
        self.cross = MultiHeadAttention(D, N)
        self.own = MultiHeadAttention(D, N)

    def back(self, z, own_mask):
        T = z.shape[1]
        places = torch.arange(T)
        seen = places <= places.view(T, 1)
        return self.own(z, z, seen if own_mask is None else torch.logical_and(own_mask, seen))[0]

    def feed(self, z):
        return self.linear2(self.linear1(z).clamp(min=0))

    def forward(self, y, memory, mask=None, own_mask=None):
        y = self.back(self.norm1(y), own_mask) + y
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = found + y
        return (self.feed(self.norm3(y)) + y, weights)


# %% right="DecoderBlock" name="a loop over norms and parts"
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        for name in ("norm1", "norm2", "norm3"):
            self.add_module(name, nn.LayerNorm(D))
        for name in ("own", "cross"):
            setattr(self, name, MultiHeadAttention(D, N))

    def forward(self, y, memory, mask=None, own_mask=None):
        T = y.shape[1]
        if own_mask is None:
            own_mask = torch.ones(T, T, dtype=torch.bool)
        seen = own_mask.expand(*own_mask.shape[:-2], T, T).tril()
        steps = [
            (self.norm1, lambda z: self.own(z, z, seen)),
            (self.norm2, lambda z: self.cross(z, memory, mask)),
            (self.norm3, lambda z: (self.linear2(F.relu(self.linear1(z))), None)),
        ]
        looks = []
        for norm, part in steps:
            new, look = part(norm(y))
            y = y + new
            looks.append(look)
        return y, looks[1]


# %% right="DecoderBlock" name="looks back word by word"
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        z, T = self.norm1(y), y.shape[1]
        found = []
        for t in range(T):  # no later word is among the keys, so no causal mask is needed
            seen = None
            if own_mask is not None:
                seen = own_mask.expand(*own_mask.shape[:-2], T, T)[..., t : t + 1, : t + 1]
            found.append(self.own(z[:, t : t + 1], z[:, : t + 1], seen)[0])
        y = y + torch.cat(found, dim=1)
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        z = self.linear1(self.norm3(y))
        return y + self.linear2(torch.where(z > 0, z, 0.0)), weights


# %% wrong="DecoderBlock" name="no causal mask" says="No causal mask: a word of the target sees the words that it has to say."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        z = self.norm1(y)
        y = y + self.own(z, z, own_mask)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="own_mask instead of the causal mask" says="Where there is an own_mask, the causal mask is left out. Both must hold: seen & own_mask."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="either mask of the target" says="The causal mask and own_mask are joined by `or`; a word may be looked at only if both say True."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen | own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="own_mask not used" says="own_mask is not used: words of the target look at pads."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="causal mask the other way" says="The causal mask is turned over: each word sees itself and the words after it."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1]).T
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="causal mask without the word itself" says="Each word sees only the words before it, and not itself: the first one sees nothing."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1]).tril(-1)
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="no mask in cross" says="The mask does not reach cross: words of the target look at pads of the source."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="mask of cross inverted" says="In cross the mask is inverted: here True means that a word may be attended to, as on the whole page."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        if mask is not None:
            mask = ~mask
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="masks exchanged" says="The two masks are exchanged: `mask` belongs to cross, `own_mask` to own."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, own_mask=None, mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="causal mask in cross" says="Cross gets the causal mask, too: word t sees only t + 1 words of the source. But the source is known from the start."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        early = torch.ones(y.shape[1], memory.shape[1], dtype=torch.bool).tril()
        found, weights = self.cross(self.norm2(y), memory, early if mask is None else early & mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="cross asks the target" says="Cross asks the words of the target once more, and never the memory: the block does not know the source."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        z = self.norm2(y)
        found, weights = self.cross(z, z, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="query and memory exchanged" says="In cross the memory asks and the target is asked; it must be the other way round."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(memory, self.norm2(y), mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="memory added to what asks" says="The memory is added to the words that ask; it must only be asked."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y) + memory.mean(dim=1, keepdim=True), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="post-norm" says="This is post-norm: each norm stands behind an addition. Here each one stands before its part."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        y = self.norm1(y + self.own(y, y, seen)[0])
        found, weights = self.cross(y, memory, mask)
        y = self.norm2(y + found)
        return self.norm3(y + self.linear2(torch.relu(self.linear1(y)))), weights


# %% wrong="DecoderBlock" name="own without residual" says="Nothing is added around own: what a word was before is lost."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="cross without residual" says="Nothing is added around cross: of the words of the target only what they found in the source is left."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="feed without residual" says="Nothing is added around the feed part: what own and cross found must pass through it."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="no residuals" says="Nothing is added at all: each part must bring everything that the next one needs."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = found
        return self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="normed y added" says="The addition uses the normed y; it must use y as it came in."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = z + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="own without norm" says="Own gets y without norm1."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = y
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="keys of own not normed" says="In own, queries, keys and values all come from the normed y; here only the queries do."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, y, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="cross without norm" says="What asks in cross did not go through norm2."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(y, memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="feed without norm" says="The feed part gets y without norm3."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(y))), weights


# %% wrong="DecoderBlock" name="memory normed, too" says="The memory goes through norm2, too. The encoder has normed it; only the words that ask need norm2."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), self.norm2(memory), mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="one norm thrice" says="norm1, norm2 and norm3 are one and the same norm: three are needed, each with numbers of its own."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1 = self.norm2 = self.norm3 = nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="norm1 for all" says="norm1 is used three times, so norm2 and norm3 are never trained."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm1(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm1(y)))), weights


# %% wrong="DecoderBlock" name="one attention twice" says="own and cross are the same attention: looking back and looking at the source need weights of their own."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own = self.cross = MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="own used for cross" says="own is asked for the source as well, and cross is never used."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.own(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="cross before own" says="The order is cross, own, feed; it must be own, cross, feed."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="side by side" says="Own and cross both start from the old y; cross must ask with the y that own has changed."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + self.own(z, z, seen)[0] + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="no cross" says="The block has no part that looks at the source."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        weights = self.cross(self.norm2(y), memory, mask)[1]
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="no feed part" says="The feed part with norm3 is missing."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y, weights


# %% wrong="DecoderBlock" name="no relu" says="Between linear1 and linear2 there is no ReLU: two linear layers in a row are one."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(self.linear1(self.norm3(y))), weights


# %% wrong="DecoderBlock" name="weights of own" says="The weights that come back are those of own; those of cross are asked for."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        back, weights = self.own(z, z, seen)
        y = y + back
        found, _ = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="mean of the heads" says="The weights are a mean over the heads; each head's own are asked for: [B, N, T, S]."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights.mean(dim=1)


# %% wrong="DecoderBlock" name="only the words" says="Only the words come back; a tuple of words and weights is asked for."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y))))


# %% wrong="DecoderBlock" name="memory detached" says="The memory is detached: no gradient comes back to the encoder, so it learns nothing."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory.detach(), mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="weights detached" says="The weights are detached: a loss on them trains nothing."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights.detach()


# %% wrong="DecoderBlock" name="writes into y" says="y += … writes into the caller's tensor; y = y + … makes a new one."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.own, self.cross = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y += self.own(z, z, seen)[0]
        found, weights = self.cross(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights


# %% wrong="DecoderBlock" name="other names" says="The attributes have other names than those of the docstring, so nobody can give the block torch's weights."
class DecoderBlock(nn.Module):
    def __init__(self, D, N, H):
        super().__init__()
        self.attention, self.cross_attention = MultiHeadAttention(D, N), MultiHeadAttention(D, N)
        self.linear1, self.linear2 = nn.Linear(D, H), nn.Linear(H, D)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(D), nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, y, memory, mask=None, own_mask=None):
        seen = causal_mask(y.shape[1])
        if own_mask is not None:
            seen = seen & own_mask
        z = self.norm1(y)
        y = y + self.attention(z, z, seen)[0]
        found, weights = self.cross_attention(self.norm2(y), memory, mask)
        y = y + found
        return y + self.linear2(torch.relu(self.linear1(self.norm3(y)))), weights
