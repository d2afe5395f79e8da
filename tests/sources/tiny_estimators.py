"""Small estimators of the digits, each fitted in a blink."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

X, Y = load_digits(return_X_y=True)
X, Y = (X[:400] / 16).astype(np.float32), Y[:400]
NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def pipeline():
    return make_pipeline(StandardScaler(), PCA(16), LogisticRegression(max_iter=300, C=0.1)).fit(
        X, Y
    )


def forest():
    return RandomForestClassifier(5, max_depth=6, random_state=0).fit(X, Y)


def margins():
    return make_pipeline(StandardScaler(), LinearSVC()).fit(X, Y)


def bayes():
    return GaussianNB(var_smoothing=1e-3).fit(X, Y)


def words():
    return LogisticRegression(max_iter=300, C=0.1).fit(X, NAMES[Y])


def odd_labels():
    return LogisticRegression(max_iter=300, C=0.1).fit(X, Y * 10)


def regression():
    return make_pipeline(StandardScaler(), Ridge()).fit(X, X[:, :1].ravel() + Y)


def components():
    return PCA(3).fit(X)


def clusters():
    return KMeans(3, n_init=1, random_state=0).fit(X)


def double(rows):
    return rows * 2


def own_function():
    return make_pipeline(FunctionTransformer(double), LogisticRegression(max_iter=300, C=0.1)).fit(
        X, Y
    )
