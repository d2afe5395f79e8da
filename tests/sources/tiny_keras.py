"""Tiny Keras models, each made for one thing that can go right or wrong. Imports TensorFlow."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
from keras import layers


def images():
    """A Sequential of images of any batch: convolution, batch normalization, softmax."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 3), name="image"),
            layers.Conv2D(32, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax", name="scores"),
        ]
    )


def tokens():
    """Integers and floats in, by name and in no alphabetical order; a dict out."""
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int64", name="the ids")
    extra = keras.Input((4,), name="extra")
    mean = layers.GlobalAveragePooling1D()(layers.Embedding(30, 8)(ids))
    both = layers.Concatenate()([mean, extra])
    outputs = {"score": layers.Dense(3)(both), "mean": mean}
    return keras.Model({"ids": ids, "extra": extra}, outputs)


def small():
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3, name="y")])


def with_lambda():
    return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])


class Twice(layers.Layer):
    """A layer of one's own, which Keras does not know by name."""

    def call(self, x):
        return x * 2


def with_own_layer():
    return keras.Sequential([keras.Input((4,)), Twice()])


def texts():
    text = keras.Input((), dtype="string", name="text")
    return keras.Model(text, layers.Hashing(4)(text))


class Two(tf.Module):
    """A SavedModel with two signatures, neither the one to serve."""

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def one(self, x):
        return {"y": x + 1}

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def other(self, x):
        return {"y": x + 2}


def two_signatures(folder):
    module = Two()
    signatures = {"one": module.one, "other": module.other}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def integers(keras_model, path, samples):
    """Fully quantized, int8 in and out."""
    converter = tf.lite.TFLiteConverter.from_keras_model(keras_model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path.write_bytes(converter.convert())
    return path


def half(keras_model, path):
    """With 16-bit weights behind DEQUANTIZE operators, as vendors ship them."""
    converter = tf.lite.TFLiteConverter.from_keras_model(keras_model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    path.write_bytes(converter.convert())
    return path


def activated(activation):
    keras.utils.set_random_seed(0)
    x = keras.Input((8,), name="x")
    return keras.Model(x, layers.Dense(6, activation=activation, name="y")(x))


def sparse(path):
    """LiteRT with a packed convolution (by way of DENSIFY) and a packed matrix."""
    keras.utils.set_random_seed(0)
    image = keras.Input((6, 6, 4), name="image")
    maps = layers.Conv2D(16, 3)(image)
    model = keras.Model(image, layers.Dense(12)(layers.Flatten()(maps)))
    for layer in model.layers:
        if layer.weights:
            weights, bias = layer.get_weights()
            kept = tf.random.stateless_uniform(weights.shape, (1, 2)).numpy() < 0.1
            layer.set_weights([weights * kept, bias])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
    path.write_bytes(converter.convert())
    return path


def two_inputs(width):
    """Layers and inputs without names of their own: Keras numbers them on in each instance."""
    first, second = keras.Input((6,)), keras.Input((6,))
    inner = layers.Dense(width)(first)
    joined = layers.Add()([inner, layers.Dense(width)(second)])
    return keras.Model([first, second], [layers.Dense(3)(joined), inner])
